import { memo, useState } from "react";
import { useDesk } from "../desk.ts";
import { moment, money, sentence } from "../format.ts";
import { useProducts, useWrite } from "../live/queries.ts";
import type { Touched } from "../live/rows.ts";
import { Link, navigate, Title } from "../router.tsx";
import { session } from "../session.ts";
import { useSight, type Sight } from "../sight.ts";
import { useStore } from "../store.ts";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/field.tsx";
import { useFlash } from "../ui/flash.ts";
import { useMore } from "../ui/more.tsx";
import { useNow } from "../ui/now.ts";
import { opens } from "../ui/opens.ts";
import { Segments } from "../ui/segments.tsx";
import { Empty, Failed, SkeletonRows } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import { DocumentSheet } from "./document-sheet.tsx";
import type { Document, Kind, Step } from "./document.ts";

/** The heads of the columns, and how wide the window has to be for them. */
const headsOf = ({ columns: { number, party, time } }: Kind, sight: Sight): [name: string, look?: string][] => [
  [number],
  [party, "wide"],
  ["Items", "right wide"],
  ...(sight.money ? [["Total", "right"] as [string, string]] : []),
  ["Status"],
  [time, "wide"],
  ["Actions", "wide"],
];

/** The page of a kind of document: the latest ones, and the sheet of the one that is open. */
export function DocumentList({ kind, open }: { kind: Kind; open: string | undefined }) {
  const [shown, setShown] = useState("all");
  const [warehouse, setWarehouse] = useState("");
  const { data, error, refetch } = kind.useList(shown === "open", warehouse);
  const [creating, setCreating] = useState(false);
  const sight = useSight();
  const heads = headsOf(kind, sight);
  const shows = ({ status, warehouse: where }: Document) =>
    (warehouse === "" || where === warehouse) &&
    (shown === "all" || (shown === "open" ? kind.next(status) !== undefined : shown === status));
  const Follow = shown === "open" ? kind.Follow : undefined;
  const [rows, more] = useMore(Follow ? data : data?.filter(shows));
  const one = kind.one.toLowerCase();
  const many = kind.many.toLowerCase();
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>{kind.many}</Title>
        </div>
        {sight.all && (
          <Button
            look="primary"
            icon="plus"
            aria-label={`New ${one}`}
            data-key="n"
            data-testid={`new-${kind.id}`}
            onClick={() => setCreating(true)}
          >
            <span>
              New<span className="rest"> {one}</span>
            </span>
          </Button>
        )}
      </div>
      <div className="bar">
        <Segments
          label={`Show ${many}`}
          options={["all", "open", ...kind.statuses].map((value) => ({ value, label: sentence(value) }))}
          value={shown}
          onChange={setShown}
        />
        {kind.Follow && <Warehouses value={warehouse} onChange={setWarehouse} />}
      </div>
      <div className="card">
        {error && !data ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : rows?.length === 0 ? (
          <Empty icon={kind.icon} title={shown === "all" ? `No ${many} yet` : "None of these"}>
            <p>{shown === "all" ? kind.empty : `None of the latest ${many} has this status.`}</p>
          </Empty>
        ) : (
          <table className="table orders">
            <caption className="hidden">The latest {many}</caption>
            <thead>
              <tr>
                {heads.map(([name, look]) => (
                  <th key={name} scope="col" className={look}>
                    {name === "Actions" ? <span className="hidden">{name}</span> : name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody data-testid={`${kind.id}s`}>
              {rows?.map((d) => <Row key={d.id} kind={kind} document={d} money={sight.money} />) ?? (
                <SkeletonRows rows={10} columns={heads.map(([, look]) => look)} />
              )}
              {more}
            </tbody>
          </table>
        )}
      </div>
      {Follow && <Follow warehouse={warehouse} />}
      {creating && <kind.Form onClose={() => setCreating(false)} />}
      {open && <DocumentSheet key={open} kind={kind} id={open} onClose={() => navigate(`/${kind.id}s`)} />}
    </div>
  );
}

/** Chooses a warehouse, unless there is one alone. */
function Warehouses({ value, onChange }: { value: string; onChange: (warehouse: string) => void }) {
  const { data: products } = useProducts();
  const own = useStore(session)?.user.warehouses;
  const all = [...new Set(products?.flatMap((p) => p.skus.map((s) => s.warehouse)))].sort();
  if ((products && all.length < 2) || own?.length === 1) return null;
  return (
    <Select
      className="fits"
      aria-label="Warehouse"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      data-testid="warehouse"
    >
      <option value="">All warehouses</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {sentence(name)}
        </option>
      ))}
    </Select>
  );
}

interface RowProps {
  kind: Kind;
  document: Touched<Document>;
  money: boolean;
}

const Row = memo(function Row({ kind, document, money: priced }: RowProps) {
  const desk = useDesk();
  const now = useNow();
  const flash = useFlash<HTMLTableRowElement>(document.touched);
  const step = kind.next(document.status);
  const go = useWrite((step: Step) => step.take(document.id));
  const run = (step: Step) =>
    go.isPending ||
    go.mutate(step, { onError: (err) => desk.complain(`${document.number} was not ${step.done}`, err) });
  const path = `/${kind.id}s/${document.id}`;
  const party = kind.party(document);
  return (
    <tr ref={flash} data-open data-id={document.id} onClick={opens(path)}>
      <th scope="row">
        <Link to={path}>{document.number}</Link>
        <span className="sub cut">{party || "…"}</span>
      </th>
      <td className="wide" title={party}>
        {party || "…"}
      </td>
      <td className="right num wide">{document.items ?? "…"}</td>
      {priced && (
        <td className="right num" title={money(document.total)}>
          {money(document.total)}
        </td>
      )}
      <td>
        <Status status={document.status} />
      </td>
      <td className="num quiet wide" title={moment(document.updatedAt)}>
        {kind.time(document, now)}
      </td>
      <td className="acts wide">
        {step && (
          <Button
            small
            aria-busy={go.isPending}
            onClick={() => run(step)}
            data-testid={step.name}
            aria-label={`${step.label} ${document.number}`}
          >
            {step.label}
          </Button>
        )}
      </td>
    </tr>
  );
});
