import { memo, useState } from "react";
import { api, type PurchaseOrder } from "../api.ts";
import { useDesk } from "../desk.ts";
import { date, moment, money } from "../format.ts";
import { usePurchaseOrders, useSuppliers, useWrite } from "../live/queries.ts";
import type { Touched } from "../live/rows.ts";
import { Link, navigate, Title } from "../router.tsx";
import { Button } from "../ui/button.tsx";
import { useFlash } from "../ui/flash.ts";
import { useMore } from "../ui/more.tsx";
import { opens } from "../ui/opens.ts";
import { Segments } from "../ui/segments.tsx";
import { Empty, Failed, SkeletonRows } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import { PurchaseOrderForm } from "./purchase-order-form.tsx";
import { PurchaseOrderSheet } from "./purchase-order-sheet.tsx";
import { nextStep } from "./steps.ts";

const shows = {
  all: () => true,
  open: (o: PurchaseOrder) => nextStep(o) !== undefined,
  received: (o: PurchaseOrder) => o.status === "received",
};

const choices = [
  { value: "all", label: "All" },
  { value: "open", label: "Open" },
  { value: "received", label: "Received" },
] as const;

const columns = [undefined, "wide", "wide", undefined, undefined, "wide", "wide"];

export function PurchaseOrders({ open }: { open: string | undefined }) {
  const { data, error, refetch } = usePurchaseOrders();
  useSuppliers();
  const [show, setShow] = useState<keyof typeof shows>("all");
  const [creating, setCreating] = useState(false);
  const [rows, more] = useMore(data?.filter(shows[show]));
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>Purchase orders</Title>
        </div>
        <Button
          look="primary"
          icon="plus"
          aria-label="New purchase order"
          data-key="n"
          data-testid="new-purchase-order"
          onClick={() => setCreating(true)}
        >
          <span>
            New<span className="rest"> purchase order</span>
          </span>
        </Button>
      </div>
      <div className="bar">
        <Segments label="Show purchase orders" options={choices} value={show} onChange={setShow} />
      </div>
      <div className="card">
        {error && !data ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : rows?.length === 0 ? (
          <Empty icon="truck" title={show === "all" ? "No purchase orders yet" : "None of these"}>
            <p>
              {show === "all"
                ? "Order from a supplier, and receive the goods here."
                : "None of the latest has this status."}
            </p>
          </Empty>
        ) : (
          <table className="table orders">
            <caption className="hidden">The latest purchase orders</caption>
            <thead>
              <tr>
                <th scope="col">Number</th>
                <th scope="col" className="wide">
                  Supplier
                </th>
                <th scope="col" className="right wide">
                  Items
                </th>
                <th scope="col" className="right">
                  Total
                </th>
                <th scope="col">Status</th>
                <th scope="col" className="wide">
                  Expected
                </th>
                <th scope="col" className="wide">
                  <span className="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody data-testid="purchase-orders">
              {rows ? rows.map((o) => <Row key={o.id} order={o} />) : <SkeletonRows rows={8} columns={columns} />}
              {more}
            </tbody>
          </table>
        )}
      </div>
      {creating && <PurchaseOrderForm onClose={() => setCreating(false)} />}
      {open && <PurchaseOrderSheet key={open} id={open} onClose={() => navigate("/purchase-orders")} />}
    </div>
  );
}

const Row = memo(function Row({ order }: { order: Touched<PurchaseOrder> }) {
  const desk = useDesk();
  const flash = useFlash<HTMLTableRowElement>(order.touched);
  const step = nextStep(order);
  const go = useWrite((name: "send" | "receive") => api[name](order.id));
  const run = (name: "send" | "receive") =>
    go.isPending ||
    go.mutate(name, {
      onError: (err) => desk.complain(`${order.number} was not ${name === "send" ? "sent" : "received"}`, err),
    });
  return (
    <tr ref={flash} data-open data-id={order.id} onClick={opens(`/purchase-orders/${order.id}`)}>
      <th scope="row">
        <Link to={`/purchase-orders/${order.id}`}>{order.number}</Link>
        <span className="sub cut">{order.supplier || "…"}</span>
      </th>
      <td className="wide" title={order.supplier}>
        {order.supplier || "…"}
      </td>
      <td className="right num wide">{order.items ?? "…"}</td>
      <td className="right num" title={money(order.total)}>
        {money(order.total)}
      </td>
      <td>
        <Status status={order.status} />
      </td>
      <td className="num quiet wide" title={moment(order.updatedAt)}>
        {date(order.expectedOn)}
      </td>
      <td className="acts wide">
        {step && (
          <Button
            small
            aria-busy={go.isPending}
            onClick={() => run(step.name)}
            data-testid={step.name}
            aria-label={`${step.label} ${order.number}`}
          >
            {step.label}
          </Button>
        )}
      </td>
    </tr>
  );
});
