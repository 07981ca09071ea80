import { useState } from "react";
import { api, type PurchaseOrder, type PurchaseOrderDetail } from "../api.ts";
import { date, moment, plural } from "../format.ts";
import { usePurchaseOrder, usePurchaseOrders, useSuppliers } from "../live/queries.ts";
import { Field, Select } from "../ui/field.tsx";
import { DocumentForm } from "./document-form.tsx";
import { DocumentList } from "./document-list.tsx";
import type { Kind, Step } from "./document.ts";

const send: Step = { name: "send", label: "Send", long: "Send to supplier", done: "sent", take: api.send };
const receive: Step = { name: "receive", label: "Receive", long: "Receive goods", done: "received", take: api.receive };
const steps: Partial<Record<string, Step>> = { draft: send, sent: receive, confirmed: receive };

const purchaseOrder: Kind = {
  id: "purchase-order",
  one: "Purchase order",
  many: "Purchase orders",
  icon: "truck",
  columns: { number: "Number", party: "Supplier", time: "Expected" },
  party: (o: PurchaseOrder) => o.supplier,
  time: (o: PurchaseOrder) => date(o.expectedOn),
  statuses: ["received"],
  empty: "Order from a supplier, and receive the goods here.",
  useList() {
    useSuppliers(); // a live insert has the id of its supplier alone
    return usePurchaseOrders();
  },
  useOne: usePurchaseOrder,
  next: (status) => steps[status],
  facts: (o: PurchaseOrderDetail) => [
    ["Supplier", o.supplier],
    ["Expected", date(o.expectedOn)],
    ["Created", moment(o.createdAt)],
  ],
  price: (sku) => sku.cost,
  Form: PurchaseOrderForm,
};

export const PurchaseOrders = ({ open }: { open: string | undefined }) => (
  <DocumentList kind={purchaseOrder} open={open} />
);

function PurchaseOrderForm({ onClose }: { onClose: () => void }) {
  const { data: suppliers = [], error } = useSuppliers();
  const [supplierId, setSupplier] = useState("");
  const supplier = suppliers.find((s) => s.id === supplierId) ?? suppliers[0];
  const days = supplier?.leadTimeDays;
  return (
    <DocumentForm
      kind={purchaseOrder}
      create={supplier && ((lines) => api.createPurchaseOrder(supplier.id, lines))}
      error={error}
      onClose={onClose}
    >
      <Field label="Supplier" hint={days === undefined ? undefined : `Usually delivers within ${plural(days, "day")}`}>
        <Select
          data-first
          value={supplier?.id ?? ""}
          onChange={(event) => setSupplier(event.target.value)}
          data-testid="supplier"
        >
          {suppliers.map((s) => (
            <option key={s.id} value={s.id}>
              {s.name}
            </option>
          ))}
        </Select>
      </Field>
    </DocumentForm>
  );
}
