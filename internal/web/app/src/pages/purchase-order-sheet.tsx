import { api, type PurchaseOrderDetail } from "../api.ts";
import { count, date, moment, money, sum } from "../format.ts";
import { usePurchaseOrder, useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ItemTable } from "../ui/item-table.tsx";
import { Bone, Failed, Refused } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import { nextStep } from "./steps.ts";

export function PurchaseOrderSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = usePurchaseOrder(id);
  return (
    <Dialog sheet title={data?.number ?? "Purchase order"} onClose={onClose}>
      {data ? (
        <Detail order={data} />
      ) : error ? (
        <Failed error={error} retry={() => void refetch()} />
      ) : (
        <div className="stack" aria-busy="true">
          {["40%", "70%", "55%", "90%"].map((width) => (
            <Bone key={width} width={width} />
          ))}
        </div>
      )}
    </Dialog>
  );
}

function Detail({ order }: { order: PurchaseOrderDetail }) {
  const step = nextStep(order);
  const go = useWrite((name: "send" | "receive") => api[name](order.id));
  return (
    <>
      <dl className="facts">
        <dt>Status</dt>
        <dd>
          <Status status={order.status} />
        </dd>
        <dt>Supplier</dt>
        <dd>{order.supplier}</dd>
        <dt>Expected</dt>
        <dd className="num">{date(order.expectedOn)}</dd>
        <dt>Created</dt>
        <dd className="num">{moment(order.createdAt)}</dd>
        <dt>Updated</dt>
        <dd className="num">{moment(order.updatedAt)}</dd>
      </dl>
      <ItemTable
        items={order.items.map((i) => ({
          ...i,
          each: money(i.cost),
          sum: money(sum([{ price: i.cost, quantity: i.quantity }])),
          count: count(i.quantity),
        }))}
        total={money(order.total)}
      />
      <Refused error={go.error} />
      {step && (
        <div className="actions">
          <Button
            look="primary"
            aria-busy={go.isPending}
            onClick={() => void (go.isPending || go.mutate(step.name))}
            data-testid={`${step.name}-purchase-order`}
          >
            {step.name === "send" ? "Send to supplier" : "Receive goods"}
          </Button>
        </div>
      )}
    </>
  );
}
