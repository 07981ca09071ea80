import { useState, type FormEvent } from "react";
import { api } from "../api.ts";
import { plural } from "../format.ts";
import { useProducts, useSuppliers, useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Select } from "../ui/field.tsx";
import { complete, Lines, newDraft } from "../ui/lines.tsx";
import { Refused } from "../ui/states.tsx";

export function PurchaseOrderForm({ onClose }: { onClose: () => void }) {
  const { data: products = [], error } = useProducts();
  const { data: suppliers = [], error: noSuppliers } = useSuppliers();
  const [supplierId, setSupplier] = useState("");
  const [drafts, setDrafts] = useState(() => [newDraft()]);
  const supplier = suppliers.find((s) => s.id === supplierId) ?? suppliers[0];
  const lines = complete(drafts);
  const create = useWrite(() => api.createPurchaseOrder(supplier?.id ?? "", lines ?? []), onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (lines && supplier && !create.isPending) create.mutate();
  };
  const days = supplier?.leadTimeDays;
  return (
    <Dialog title="New purchase order" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field
          label="Supplier"
          hint={days === undefined ? undefined : `Usually delivers within ${plural(days, "day")}`}
        >
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
        <Lines drafts={drafts} onChange={setDrafts} products={products} price={(sku) => sku.cost} />
        <Refused error={create.error ?? error ?? noSuppliers} />
        <div className="actions">
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!lines || !supplier}
            aria-busy={create.isPending}
            data-testid="create-purchase-order"
          >
            {create.isPending ? "Creating…" : "Create draft"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
