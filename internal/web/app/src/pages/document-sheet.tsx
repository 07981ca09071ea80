import { Fragment, useState } from "react";
import { count, moment, money, sum } from "../format.ts";
import { useWrite } from "../live/queries.ts";
import { useSight } from "../sight.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ItemTable } from "../ui/item-table.tsx";
import { Bone, Failed, Refused } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";
import type { Detail, Kind, Step } from "./document.ts";

/** One document, with what can be done with it. */
export function DocumentSheet({ kind, id, onClose }: { kind: Kind; id: string; onClose: () => void }) {
  const { data, error, refetch } = kind.useOne(id);
  const sight = useSight();
  return (
    <Dialog sheet title={data?.number ?? kind.one} onClose={onClose}>
      {data ? (
        <>
          <Facts kind={kind} document={data} money={sight.money} />
          <Steps kind={kind} document={data} cancel={sight.all ? kind.cancel : undefined} />
        </>
      ) : error ? (
        <Failed error={error} retry={() => void refetch()} />
      ) : (
        <div className="stack" aria-busy="true">
          {["40%", "70%", "55%", "90%"].map((width) => (
            <Bone key={width} width={width} />
          ))}
        </div>
      )}
    </Dialog>
  );
}

const Facts = ({ kind, document, money: priced }: { kind: Kind; document: Detail; money: boolean }) => (
  <>
    <dl className="facts">
      <dt>Status</dt>
      <dd>
        <Status status={document.status} />
      </dd>
      {[...kind.facts(document), ["Updated", moment(document.updatedAt)] as const].map(([name, text]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd className="num">{text}</dd>
        </Fragment>
      ))}
    </dl>
    <ItemTable
      items={document.items.map((i) => {
        const price = i.price ?? i.cost;
        const sums = priced ? { each: money(price), sum: money(sum([{ ...i, price }])) } : {};
        return { ...i, ...sums, count: count(i.quantity) };
      })}
      {...(priced && { total: money(document.total) })}
    />
  </>
);

interface StepsProps {
  kind: Kind;
  document: Detail;
  cancel: Kind["cancel"] | undefined;
}

function Steps({ kind, document: { id, status }, cancel: end }: StepsProps) {
  const [asking, setAsking] = useState(false);
  const go = useWrite((step: Step) => step.take(id));
  const cancel = useWrite(
    () => end?.(id) ?? Promise.resolve(),
    () => setAsking(false),
  );
  const step = kind.next(status);
  // What was asked for is not asked for twice. The buttons stay enabled, to keep the focus.
  const busy = go.isPending || cancel.isPending;
  const one = kind.one.toLowerCase();
  return (
    <>
      <Refused error={go.error ?? cancel.error} />
      {step &&
        (asking ? (
          <div className="ask" role="group" aria-label={`Cancel this ${one}?`}>
            <p>Cancel this {one} for good?</p>
            <div className="actions">
              <Button onClick={() => setAsking(false)}>Keep it</Button>
              <Button
                look="danger"
                aria-busy={busy}
                onClick={() => void (busy || cancel.mutate())}
                data-testid="confirm-cancel"
                autoFocus
              >
                Cancel {one}
              </Button>
            </div>
          </div>
        ) : (
          <div className="actions">
            {end && (
              <Button onClick={() => setAsking(true)} data-testid="cancel">
                Cancel {one}
              </Button>
            )}
            <Button
              look="primary"
              aria-busy={busy}
              onClick={() => void (busy || go.mutate(step))}
              data-testid={`${step.name}-${kind.id}`}
            >
              {go.isPending ? "One moment…" : step.long}
            </Button>
          </div>
        ))}
    </>
  );
}
