import { useState, type FormEvent, type ReactNode } from "react";
import type { Line } from "../api.ts";
import { useProducts, useWrite } from "../live/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { complete, Lines, newDraft } from "../ui/lines.tsx";
import { Refused } from "../ui/states.tsx";
import type { Kind } from "./document.ts";

interface Props {
  kind: Kind;
  /** Makes it of these lines. Undefined: the field in children is not filled yet. */
  create: ((lines: Line[]) => Promise<unknown>) | undefined;
  error?: Error | null;
  onClose: () => void;
  /** The field for the other side. */
  children: ReactNode;
}

/** Asks for a new document: the other side, and the lines. */
export function DocumentForm({ kind, create, error = null, onClose, children }: Props) {
  const { data: products = [], error: noProducts } = useProducts();
  const [drafts, setDrafts] = useState(() => [newDraft()]);
  const lines = complete(drafts);
  const write = useWrite(async () => create?.(lines ?? []), onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (lines && create && !write.isPending) write.mutate();
  };
  return (
    <Dialog title={`New ${kind.one.toLowerCase()}`} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {children}
        <Lines drafts={drafts} onChange={setDrafts} products={products} price={kind.price} />
        <Refused error={write.error ?? noProducts ?? error} />
        <div className="actions">
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            look="primary"
            disabled={!lines || !create}
            aria-busy={write.isPending}
            data-testid={`create-${kind.id}`}
          >
            {write.isPending ? "Creating…" : `Create ${kind.one.toLowerCase()}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
