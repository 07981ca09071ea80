import { useState } from "react";
import { api, type OrderDetail } from "../api.ts";
import { count, moment, money, sum } from "../format.ts";
import { useOrder, useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ItemTable } from "../ui/item-table.tsx";
import { Bone, Failed, Refused } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import { isOpen } from "./steps.ts";

export function OrderSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useOrder(id);
  return (
    <Dialog sheet title={data?.number ?? "Order"} onClose={onClose}>
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

function Detail({ order }: { order: OrderDetail }) {
  const [asking, setAsking] = useState(false);
  const fulfil = useWrite(() => api.fulfil(order.id));
  const cancel = useWrite(
    () => api.cancel(order.id),
    () => setAsking(false),
  );
  // What was asked for is not asked for twice. The buttons stay enabled, to keep the focus.
  const busy = fulfil.isPending || cancel.isPending;
  const run = (write: typeof fulfil) => () => void (busy || write.mutate());
  return (
    <>
      <dl className="facts">
        <dt>Status</dt>
        <dd>
          <Status status={order.status} />
        </dd>
        <dt>Customer</dt>
        <dd>{order.customer}</dd>
        <dt>Placed</dt>
        <dd className="num">{moment(order.createdAt)}</dd>
        <dt>Updated</dt>
        <dd className="num">{moment(order.updatedAt)}</dd>
      </dl>
      <ItemTable
        items={order.items.map((i) => ({
          ...i,
          each: money(i.price),
          sum: money(sum([{ price: i.price, quantity: i.quantity }])),
          count: count(i.quantity),
        }))}
        total={money(order.total)}
      />
      <Refused error={fulfil.error ?? cancel.error} />
      {isOpen(order) &&
        (asking ? (
          <div className="ask" role="group" aria-label="Cancel this order?">
            <p>Cancel this order for good?</p>
            <div className="actions">
              <Button onClick={() => setAsking(false)}>Keep it</Button>
              <Button look="danger" aria-busy={busy} onClick={run(cancel)} data-testid="confirm-cancel" autoFocus>
                Cancel order
              </Button>
            </div>
          </div>
        ) : (
          <div className="actions">
            <Button onClick={() => setAsking(true)} data-testid="cancel">
              Cancel order
            </Button>
            <Button look="primary" aria-busy={busy} onClick={run(fulfil)} data-testid="fulfil-order">
              {fulfil.isPending ? "Fulfilling…" : "Fulfil order"}
            </Button>
          </div>
        ))}
    </>
  );
}
