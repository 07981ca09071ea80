import { memo, useState } from "react";
import type { Movement } from "../api.ts";
import { moment, signed, time, words } from "../format.ts";
import { useMovements, useProducts } from "../live/queries.ts";
import type { Touched } from "../live/rows.ts";
import { Title } from "../router.tsx";
import { Select } from "../ui/field.tsx";
import { useFlash } from "../ui/flash.ts";
import { useMore } from "../ui/more.tsx";
import { useNow } from "../ui/now.ts";
import { Empty, Failed, SkeletonRows } from "../ui/states.tsx";
import { Movement as Type } from "../ui/status.tsx";

const columns = [undefined, undefined, "wide", undefined, "wide"];

export function Movements() {
  const [sku, setSku] = useState("");
  const { data, error, refetch } = useMovements(sku || undefined);
  const { data: products } = useProducts();
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>Stock movements</Title>
        </div>
      </div>
      <div className="bar">
        <div className="grow">
          <Select
            aria-label="Product"
            value={sku}
            data-key="search"
            onChange={(event) => setSku(event.target.value)}
            data-testid="sku-filter"
          >
            <option value="">All products</option>
            {products?.map((p) => (
              <optgroup key={p.id} label={p.name}>
                {p.skus.map((s) => (
                  <option key={s.id} value={s.sku}>
                    {s.name} · {s.sku}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
        </div>
      </div>
      <div className="card">
        {error && !data ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : data?.length === 0 ? (
          <Empty icon="movements" title="No movements yet">
            <p>Sales, purchases and adjustments appear here as they happen.</p>
          </Empty>
        ) : (
          <MovementTable movements={data} />
        )}
      </div>
    </div>
  );
}

export function MovementTable({ movements }: { movements: readonly Movement[] | undefined }) {
  const [rows, more] = useMore(movements);
  return (
    <table className="table moves">
      <caption className="hidden">The latest stock movements</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Product</th>
          <th scope="col" className="wide">
            Type
          </th>
          <th scope="col" className="right">
            Quantity
          </th>
          <th scope="col" className="wide">
            Reason
          </th>
        </tr>
      </thead>
      <tbody data-testid="movements">
        {rows ? rows.map((m) => <Row key={m.id} movement={m} />) : <SkeletonRows rows={12} columns={columns} />}
        {more}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({ movement: m }: { movement: Touched<Movement> }) {
  const now = useNow();
  const flash = useFlash<HTMLTableRowElement>(m.touched);
  return (
    <tr ref={flash} data-id={m.id}>
      <td className="num quiet" title={moment(m.createdAt)}>
        {time(m.createdAt, now)}
      </td>
      <th scope="row" title={`${m.name} (${m.sku})`}>
        <span className="block cut">{m.name || "…"}</span>
        <span className="minor cut">
          <span className="mono">{m.sku || "…"}</span>
          <span className="narrow"> · {words(m.movementType)}</span>
        </span>
      </th>
      <td className="wide">
        <Type type={m.movementType} />
      </td>
      <td className={`right num ${m.quantity > 0 ? "up" : "down"}`}>{signed(m.quantity)}</td>
      <td className="wide quiet" title={[m.reason, m.reference].filter(Boolean).join(" · ")}>
        {[words(m.reason), m.reference].filter(Boolean).join(" · ") || "–"}
      </td>
    </tr>
  );
});
