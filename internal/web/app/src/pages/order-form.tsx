import { useState, type FormEvent } from "react";
import { api } from "../api.ts";
import { useProducts, useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { complete, Lines, newDraft } from "../ui/lines.tsx";
import { Refused } from "../ui/states.tsx";

export function OrderForm({ onClose }: { onClose: () => void }) {
  const { data: products = [], error } = useProducts();
  const [customer, setCustomer] = useState("");
  const [drafts, setDrafts] = useState(() => [newDraft()]);
  const lines = complete(drafts);
  const create = useWrite(() => api.createOrder(customer.trim(), lines ?? []), onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (lines && customer.trim() && !create.isPending) create.mutate();
  };
  return (
    <Dialog title="New order" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
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
        <Lines drafts={drafts} onChange={setDrafts} products={products} price={(sku) => sku.price} />
        <Refused error={create.error ?? error} />
        <div className="actions">
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!lines || !customer.trim()}
            aria-busy={create.isPending}
            data-testid="create-order"
          >
            {create.isPending ? "Creating…" : "Create order"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
