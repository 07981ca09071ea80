import { useDeferredValue, useEffect, useState } from "react";
import { useDesk } from "../desk.ts";
import { count, plural } from "../format.ts";
import { Title } from "../router.tsx";
import { occupied } from "../shell/shortcuts.tsx";
import { Button } from "../ui/button.tsx";
import { Input, Select } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty } from "../ui/states.tsx";
import { Detail } from "./detail.tsx";
import { EventList } from "./event-list.tsx";
import "./feed.css";
import { Gauges } from "./gauges.tsx";
import { Hints } from "./hints.tsx";
import { capacity, type Entry, type Log } from "./log.ts";
import { useView } from "./use-view.ts";

/** The feed itself: every event of the tenant, as it comes. */
export default function Inspector() {
  const { log, stats } = useDesk();
  const { view, redraw, filter } = useView(log);
  const [event, setEvent] = useState("");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Entry>();
  const [hints, setHints] = useState(false);
  const [reading, setReading] = useState(false);
  const [held, setHeld] = useState(false);
  const needle = useDeferredValue(text);
  useEffect(() => filter({ event, text: needle }), [filter, event, needle]);

  // It stands still when it is asked to, and while somebody reads further down.
  useEffect(() => {
    if (held || reading) view.pause();
    else view.resume();
    redraw();
  }, [view, redraw, held, reading]);
  const follow = () => {
    setHeld(false);
    setReading(false);
  };
  useEffect(() => {
    const pressed = (e: KeyboardEvent) => {
      if (e.key === "Escape" && !occupied(e)) setChosen(undefined);
      if (e.key !== " " || occupied(e) || (e.target instanceof Element && e.target.closest("button, a"))) return;
      e.preventDefault();
      setHeld((was) => !was);
      setReading(false);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
  const stopped = held || reading;
  return (
    <div className="page wide feed">
      <div className="head">
        <div className="titles">
          <Title>Feed</Title>
        </div>
        <Button icon="terminal" onClick={() => setHints(true)} data-testid="hints">
          Run this SQL
        </Button>
      </div>
      <Gauges stats={stats} />
      <div className="bar tools">
        <Select
          className="pick"
          aria-label="Events"
          value={event}
          onChange={(e) => setEvent(e.target.value)}
          data-testid="event-filter"
        >
          <option value="">All events</option>
          {names(log, event).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
        <div className="search grow">
          <Icon name="search" size={16} />
          <Input
            type="search"
            aria-label="Filter by text"
            placeholder="Filter by text"
            data-key="search"
            value={text}
            onChange={(e) => setText(e.target.value)}
            data-testid="text-filter"
          />
        </div>
        <Button
          className={held ? "on" : ""}
          icon={held ? "play" : "pause"}
          aria-pressed={held}
          onClick={() => (held ? follow() : setHeld(true))}
          data-testid="pause"
        >
          {held ? "Resume" : "Pause"}
        </Button>
        <Button
          look="ghost"
          icon="trash"
          onClick={() => {
            log.clear();
            view.clear();
            setChosen(undefined);
            redraw();
          }}
        >
          Clear
        </Button>
        <span className="tally num quiet" data-testid="tally">
          {view.searching ? "Searching… " : ""}
          {plural(Math.min(view.length, capacity), "event")}
        </span>
      </div>
      <div className={chosen ? "split open" : "split"}>
        <div className="card list">
          <EventList view={view} chosen={chosen} choose={setChosen} leave={setReading} />
          {view.length === 0 && !view.searching && (
            <div className="nothing">
              <Empty icon="pulse" title={log.total === 0 ? "Waiting for the first change" : "No event matches"}>
                <p>
                  {log.total === 0
                    ? "Change something on another page, or run some SQL."
                    : "What comes and matches appears here."}
                </p>
              </Empty>
            </div>
          )}
          {stopped && (
            <button type="button" className="waiting num" onClick={follow} data-testid="waiting">
              {view.waiting > 0 ? `${count(view.waiting)} new` : "Paused"} · follow
            </button>
          )}
        </div>
        {chosen && <Detail entry={chosen} onClose={() => setChosen(undefined)} />}
      </div>
      {hints && <Hints onClose={() => setHints(false)} />}
    </div>
  );
}

/** What can be chosen: the names that came, and the stems of several of them. */
function names(log: Log, chosen: string): string[] {
  const all = new Set(log.names.keys());
  const stems = new Map<string, number>();
  for (const name of all) {
    const stem = `${name.split(":")[0]}:*`;
    stems.set(stem, (stems.get(stem) ?? 0) + 1);
  }
  for (const [stem, n] of stems) if (n > 1) all.add(stem);
  if (chosen) all.add(chosen);
  return [...all].sort();
}
