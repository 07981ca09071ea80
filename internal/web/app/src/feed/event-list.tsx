import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { millis } from "../format.ts";
import type { Entry } from "./log.ts";
import { summary } from "./summary.ts";
import type { View } from "./view.ts";

const height = 34;

/**
 * The events, newest first; only what is visible is rendered. Who scrolls away
 * from the top reads: then the list stands still, as if it were paused.
 */
export function EventList({
  view,
  chosen,
  choose,
  leave,
}: {
  view: View;
  chosen: Entry | undefined;
  choose: (entry: Entry) => void;
  /** The reader left the top, or came back to it. */
  leave: (away: boolean) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: view.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 6,
  });
  const away = useRef(false);
  const scrolled = () => {
    const now = (box.current?.scrollTop ?? 0) > height / 2;
    if (now === away.current) return;
    away.current = now;
    leave(now);
  };
  useEffect(() => {
    if (!view.paused && box.current) box.current.scrollTop = 0;
  }, [view, view.paused]);
  const move = (event: KeyboardEvent) => {
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      j: 1,
      k: -1,
      PageDown: 12,
      PageUp: -12,
      Home: -view.length,
      End: view.length,
    }[event.key];
    if (step === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const from = chosen ? view.indexOf(chosen) : -1;
    const to = Math.min(view.length - 1, Math.max(0, from + step));
    const entry = view.at(to);
    if (!entry) return;
    choose(entry);
    rows.scrollToIndex(to, { align: "auto" });
  };
  return (
    <div className="events" role="table" aria-label="Events, newest first" aria-rowcount={view.length + 1}>
      <div className="event names" role="row" aria-rowindex={1}>
        <span role="columnheader">Position</span>
        <span role="columnheader">Event</span>
        <span role="columnheader">Summary</span>
        <span role="columnheader">Writer</span>
        <span role="columnheader">Latency</span>
      </div>
      <div
        ref={box}
        className="scroller"
        role="rowgroup"
        tabIndex={0}
        aria-label="Events: arrow keys choose one"
        onScroll={scrolled}
        onKeyDown={move}
        data-testid="events"
      >
        <div role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((item) => {
            const entry = view.at(item.index);
            return (
              entry && (
                <Row
                  key={item.key}
                  entry={entry}
                  index={item.index}
                  top={item.start}
                  chosen={entry === chosen}
                  choose={choose}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Row(p: { entry: Entry; index: number; top: number; chosen: boolean; choose: (entry: Entry) => void }) {
  const { event, lag } = p.entry;
  return (
    <div
      className="event"
      role="row"
      aria-rowindex={p.index + 2}
      aria-selected={p.chosen}
      style={{ transform: `translateY(${p.top}px)` }}
      onClick={() => p.choose(p.entry)}
    >
      <span role="cell" className="num mono quiet">
        {event.position}
      </span>
      <span role="cell" className="name cut">
        {event.event}
      </span>
      <span role="cell" className="cut what">
        {summary(event)}
      </span>
      <span role="cell" className="cut quiet">
        {event.source?.writer ?? ""}
      </span>
      <span role="cell" className="num quiet">
        {millis(lag)}
      </span>
    </div>
  );
}
