import { useState } from "react";
import { millis, moment } from "../format.ts";
import { session } from "../session.ts";
import { viewer } from "../sight.ts";
import { useStore } from "../store.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Segments } from "../ui/segments.tsx";
import { curl, psql, react } from "./copy.ts";
import type { Entry } from "./log.ts";
import { text } from "./summary.ts";

const ways = [
  { value: "curl", label: "curl" },
  { value: "psql", label: "psql" },
  { value: "react", label: "React" },
] as const;

/** Everything about one event. */
export function Detail({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const { event, lag, where } = entry;
  const current = useStore(session);
  const [way, setWay] = useState<(typeof ways)[number]["value"]>("curl");
  const lines = { curl: curl(event, location.origin, where), psql: psql(event), react: react(event, where) }[way];
  return (
    <section className="card detail" aria-label="Event" data-testid="event-detail">
      <header>
        <h2 className="cut">{event.event}</h2>
        <Button look="ghost" small icon="close" aria-label="Close the event" onClick={onClose} />
      </header>
      <div className="inside">
        <dl className="facts">
          <dt>Position</dt>
          <dd className="num">{event.from === undefined ? event.position : `${event.from} to ${event.position}`}</dd>
          <dt>Recorded</dt>
          <dd className="num">
            {moment(event.at)} <span className="quiet">({millis(lag)} to here)</span>
          </dd>
          {event.source && (
            <>
              <dt>Source</dt>
              <dd>
                {event.source.op} on <span className="mono">{event.source.table}</span>
              </dd>
              <dt>Writer</dt>
              <dd>{event.source.writer || "unnamed"}</dd>
              <dt>Transaction</dt>
              <dd className="num mono">{event.source.tx}</dd>
            </>
          )}
          {current && (
            <>
              <dt>View</dt>
              <dd data-testid="view">
                {viewer(current.user)} {where && <span className="mono quiet">where {JSON.stringify(where)}</span>}
              </dd>
            </>
          )}
          {event.match && (
            <>
              <dt>Match</dt>
              <dd data-testid="match">{event.match}</dd>
            </>
          )}
          <dt>Cursor</dt>
          <dd className="mono">{event.cursor}</dd>
        </dl>
        {event.changed && <Changes event={event} />}
        <div className="stack tight">
          <h3 className="label">Data</h3>
          <Code text={JSON.stringify(event.data, null, 2)} label="data" />
        </div>
        <div className="stack tight">
          <Segments label="Copy as" options={ways} value={way} onChange={setWay} />
          <Code text={lines} label={way} />
        </div>
      </div>
    </section>
  );
}

function Changes({ event }: Pick<Entry, "event">) {
  const now = event.data as Record<string, unknown>;
  // In events about a row within their data, its columns are one level down.
  const row = (now["order"] ?? now["purchaseOrder"] ?? now) as Record<string, unknown>;
  return (
    <table className="table changes">
      <caption className="label">Changed</caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {event.changed?.map((column) => (
          <tr key={column}>
            <th scope="row" className="mono">
              {column}
            </th>
            <td className="mono before" title={text(event.previous?.[column])}>
              {text(event.previous?.[column])}
            </td>
            <td className="mono" title={text(row[column])}>
              {text(row[column])}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
