import type { Line, Product, Sku } from "../api.ts";
import { money, sum } from "../format.ts";
import { Button } from "./button.tsx";
import { Input, Select } from "./field.tsx";

export interface Draft {
  key: number;
  skuId: string;
  quantity: string;
}

let next = 1;
export const newDraft = (): Draft => ({ key: next++, skuId: "", quantity: "1" });

/** The lines that are complete; undefined if one is not, or if two name the same sku. */
export function complete(drafts: readonly Draft[]): Line[] | undefined {
  const lines = drafts.map((d) => ({ skuId: d.skuId, quantity: Number(d.quantity) }));
  const good = lines.every((l) => l.skuId && Number.isInteger(l.quantity) && l.quantity > 0 && l.quantity <= 1_000_000);
  return good && lines.length > 0 && new Set(lines.map((l) => l.skuId)).size === lines.length ? lines : undefined;
}

/** The lines of an order: skus and how many of each. */
export function Lines({
  drafts,
  onChange,
  products,
  price,
}: {
  drafts: readonly Draft[];
  onChange: (drafts: Draft[]) => void;
  products: readonly Product[];
  price: (sku: Sku) => string | undefined;
}) {
  const skus = new Map(products.flatMap((p) => p.skus.map((s) => [s.id, s] as const)));
  const taken = new Set(drafts.map((d) => d.skuId));
  const change = (key: number, part: Partial<Draft>) =>
    onChange(drafts.map((d) => (d.key === key ? { ...d, ...part } : d)));
  const total = sum(
    drafts.flatMap((d) => {
      const sku = skus.get(d.skuId);
      const quantity = Number(d.quantity);
      return sku && Number.isInteger(quantity) && quantity > 0 ? [{ price: price(sku), quantity }] : [];
    }),
  );
  return (
    <fieldset className="plain">
      <legend className="label">Items</legend>
      <ul className="lines">
        {drafts.map((draft, i) => (
          <li key={draft.key}>
            <Select
              aria-label={`Item ${i + 1}`}
              value={draft.skuId}
              onChange={(event) => change(draft.key, { skuId: event.target.value })}
              data-testid="line-sku"
            >
              <option value="" disabled>
                Choose a product
              </option>
              {products.map((p) => (
                <optgroup key={p.id} label={p.name}>
                  {p.skus.map((s) => (
                    <option key={s.id} value={s.id} disabled={s.id !== draft.skuId && taken.has(s.id)}>
                      {s.name} · {s.sku} · {s.quantity} in stock
                    </option>
                  ))}
                </optgroup>
              ))}
            </Select>
            <Input
              aria-label={`Quantity of item ${i + 1}`}
              type="number"
              min={1}
              step={1}
              value={draft.quantity}
              onChange={(event) => change(draft.key, { quantity: event.target.value })}
              data-testid="line-quantity"
            />
            <Button
              look="ghost"
              icon="trash"
              aria-label={`Remove item ${i + 1}`}
              disabled={drafts.length === 1}
              onClick={() => onChange(drafts.filter((d) => d.key !== draft.key))}
            />
          </li>
        ))}
      </ul>
      <Button
        look="ghost"
        small
        icon="plus"
        onClick={() => onChange([...drafts, newDraft()])}
        disabled={drafts.length >= skus.size}
      >
        Add item
      </Button>
      <div className="total">
        <span className="quiet">Total</span>
        <strong className="num">{money(total)}</strong>
      </div>
    </fieldset>
  );
}
