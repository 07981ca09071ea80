import { useFeedEvent, useFeedResync } from "@rowcast/client/react";
import { useState } from "react";
import { api, openStatuses, type Order, type OrderDetail } from "../api.ts";
import { openOrders, useDesk } from "../desk.ts";
import { ago, moment, sentence } from "../format.ts";
import { useOrder, useOrders } from "../live/queries.ts";
import { Field, Input } from "../ui/field.tsx";
import { DocumentForm } from "./document-form.tsx";
import { DocumentList } from "./document-list.tsx";
import type { Kind, Step } from "./document.ts";

const fulfil: Step = { name: "fulfil", label: "Fulfil", long: "Fulfil order", done: "fulfilled", take: api.fulfil };
const steps = new Map<string, Step>(openStatuses.map((status) => [status, fulfil]));

const order: Kind = {
  id: "order",
  one: "Order",
  many: "Orders",
  icon: "orders",
  columns: { number: "Order", party: "Customer", time: "Updated" },
  party: (o: Order) => o.customer,
  time: (o, now) => ago(o.updatedAt, now),
  statuses: ["fulfilled", "cancelled"],
  empty: "They appear here as they are placed.",
  useList: useOrders,
  useOne: useOrder,
  Follow: OpenOrders,
  next: (status) => steps.get(status),
  cancel: api.cancel,
  facts: (o: OrderDetail) => [
    ["Customer", o.customer],
    ["Warehouse", sentence(o.warehouse)],
    ["Placed", moment(o.createdAt)],
  ],
  price: (sku) => sku.price,
  Form: OrderForm,
};

export const Orders = ({ open }: { open: string | undefined }) => <DocumentList kind={order} open={open} />;

/** Follows the open orders on a feed of their own, which tells when one is not open any more. */
function OpenOrders({ warehouse }: { warehouse: string }) {
  const desk = useDesk();
  const rows = { where: openOrders(warehouse) };
  useFeedEvent("order:*", (_, event) => desk.receiveOpen(event, warehouse), rows);
  useFeedResync(desk.live.reloadOpen, rows);
  return null;
}

function OrderForm({ onClose }: { onClose: () => void }) {
  const [customer, setCustomer] = useState("");
  const name = customer.trim();
  return (
    <DocumentForm kind={order} create={name ? (lines) => api.createOrder(name, lines) : undefined} onClose={onClose}>
      <Field label="Customer">
        <Input
          data-first
          value={customer}
          maxLength={200}
          placeholder="Who is it for?"
          onChange={(event) => setCustomer(event.target.value)}
          data-testid="customer"
        />
      </Field>
    </DocumentForm>
  );
}
