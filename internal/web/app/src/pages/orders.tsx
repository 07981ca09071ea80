import { memo, useState } from "react";
import { api, type Order } from "../api.ts";
import { useDesk } from "../desk.ts";
import { ago, moment, money } from "../format.ts";
import { useOrders, useWrite } from "../live/queries.ts";
import type { Touched } from "../live/rows.ts";
import { Link, navigate, Title } from "../router.tsx";
import { Button } from "../ui/button.tsx";
import { useFlash } from "../ui/flash.ts";
import { useNow } from "../ui/now.ts";
import { Segments } from "../ui/segments.tsx";
import { Empty, Failed, SkeletonRows } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import { useMore } from "../ui/more.tsx";
import { opens } from "../ui/opens.ts";
import { OrderForm } from "./order-form.tsx";
import { OrderSheet } from "./order-sheet.tsx";
import { isOpen } from "./steps.ts";

const shows = {
  all: () => true,
  open: isOpen,
  fulfilled: (o: Order) => o.status === "fulfilled",
  cancelled: (o: Order) => o.status === "cancelled",
};

const choices = [
  { value: "all", label: "All" },
  { value: "open", label: "Open" },
  { value: "fulfilled", label: "Fulfilled" },
  { value: "cancelled", label: "Cancelled" },
] as const;

const columns = [undefined, "wide", "wide", undefined, undefined, "wide", "wide"];

export function Orders({ open }: { open: string | undefined }) {
  const { data, error, refetch } = useOrders();
  const [show, setShow] = useState<keyof typeof shows>("all");
  const [creating, setCreating] = useState(false);
  const [rows, more] = useMore(data?.filter(shows[show]));
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>Orders</Title>
        </div>
        <Button
          look="primary"
          icon="plus"
          aria-label="New order"
          data-key="n"
          data-testid="new-order"
          onClick={() => setCreating(true)}
        >
          <span>
            New<span className="rest"> order</span>
          </span>
        </Button>
      </div>
      <div className="bar">
        <Segments label="Show orders" options={choices} value={show} onChange={setShow} />
      </div>
      <div className="card">
        {error && !data ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : rows?.length === 0 ? (
          <Empty icon="orders" title={show === "all" ? "No orders yet" : "None of these"}>
            <p>
              {show === "all" ? "They appear here as they are placed." : "None of the latest orders has this status."}
            </p>
          </Empty>
        ) : (
          <table className="table orders">
            <caption className="hidden">The latest orders</caption>
            <thead>
              <tr>
                <th scope="col">Order</th>
                <th scope="col" className="wide">
                  Customer
                </th>
                <th scope="col" className="right wide">
                  Items
                </th>
                <th scope="col" className="right">
                  Total
                </th>
                <th scope="col">Status</th>
                <th scope="col" className="wide">
                  Updated
                </th>
                <th scope="col" className="wide">
                  <span className="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody data-testid="orders">
              {rows ? rows.map((o) => <Row key={o.id} order={o} />) : <SkeletonRows rows={10} columns={columns} />}
              {more}
            </tbody>
          </table>
        )}
      </div>
      {creating && <OrderForm onClose={() => setCreating(false)} />}
      {open && <OrderSheet key={open} id={open} onClose={() => navigate("/orders")} />}
    </div>
  );
}

const Row = memo(function Row({ order }: { order: Touched<Order> }) {
  const desk = useDesk();
  const now = useNow();
  const flash = useFlash<HTMLTableRowElement>(order.touched);
  const fulfil = useWrite(() => api.fulfil(order.id));
  const run = () => {
    if (fulfil.isPending) return;
    fulfil.mutate(undefined, { onError: (err) => desk.complain(`${order.number} was not fulfilled`, err) });
  };
  return (
    <tr ref={flash} data-open data-id={order.id} onClick={opens(`/orders/${order.id}`)}>
      <th scope="row">
        <Link to={`/orders/${order.id}`}>{order.number}</Link>
        <span className="sub cut">{order.customer}</span>
      </th>
      <td className="wide" title={order.customer}>
        {order.customer}
      </td>
      <td className="right num wide">{order.items ?? "…"}</td>
      <td className="right num" title={money(order.total)}>
        {money(order.total)}
      </td>
      <td>
        <Status status={order.status} />
      </td>
      <td className="num quiet wide" title={moment(order.updatedAt)}>
        {ago(order.updatedAt, now)}
      </td>
      <td className="acts wide">
        {isOpen(order) && (
          <Button
            small
            aria-busy={fulfil.isPending}
            onClick={run}
            data-testid="fulfil"
            aria-label={`Fulfil ${order.number}`}
          >
            Fulfil
          </Button>
        )}
      </td>
    </tr>
  );
});
