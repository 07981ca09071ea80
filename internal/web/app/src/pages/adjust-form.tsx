import { useState, type FormEvent } from "react";
import { api, type Sku } from "../api.ts";
import { count } from "../format.ts";
import { useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Refused } from "../ui/states.tsx";

const reasons = ["damaged", "recount", "lost", "found"];

export function AdjustForm({ sku, onClose }: { sku: Sku; onClose: () => void }) {
  const [quantity, setQuantity] = useState("-1");
  const [reason, setReason] = useState("damaged");
  const change = Number(quantity);
  const good = quantity.trim() !== "" && Number.isInteger(change) && change !== 0;
  const after = sku.quantity + (good ? change : 0);
  const adjust = useWrite(() => api.adjust(sku.id, change, reason.trim()), onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (good && reason.trim() && !adjust.isPending) adjust.mutate();
  };
  return (
    <Dialog title={`Adjust ${sku.sku}`} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <div className="pair">
          <Field label="Change" hint="Below zero takes away">
            <Input
              data-first
              type="number"
              step={1}
              value={quantity}
              aria-invalid={!good || after < 0}
              onChange={(event) => setQuantity(event.target.value)}
              data-testid="adjust-quantity"
            />
          </Field>
          <Field label="Reason">
            <Input
              value={reason}
              maxLength={200}
              list="reasons"
              onChange={(event) => setReason(event.target.value)}
              data-testid="adjust-reason"
            />
          </Field>
        </div>
        <datalist id="reasons">
          {reasons.map((r) => (
            <option key={r} value={r} />
          ))}
        </datalist>
        <div className="total num">
          <span className="quiet">In stock</span>
          <strong className={after < 0 ? "low" : ""}>
            {count(sku.quantity)} → {count(after)}
          </strong>
        </div>
        <Refused error={adjust.error} />
        <div className="actions">
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!good || !reason.trim()}
            aria-busy={adjust.isPending}
            data-testid="save-adjustment"
          >
            {adjust.isPending ? "Adjusting…" : "Adjust stock"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
