import { useEffect, useMemo, useState } from "react";
import { paced } from "../live/pump.ts";
import type { Filter, Log } from "./log.ts";
import { View } from "./view.ts";

/** How often, in milliseconds, the list is drawn at most; and when events come faster than anybody reads. */
const pace = 80;
const floodPace = 200;
/** So many events between two drawings are a flood. */
const flood = 50;

/** A view of the log that has the page drawn anew, but not for each event. */
export function useView(log: Log): { view: View; redraw: () => void; filter: (filter: Filter) => void } {
  const view = useMemo(() => new View(log), [log]);
  const [, draw] = useState(0);
  const redraw = useMemo(() => () => draw((n) => n + 1), []);
  const searchOn = useMemo(() => {
    let running = false;
    const step = () => {
      running = view.search();
      redraw();
      if (running) requestAnimationFrame(step);
    };
    return () => {
      if (running || !view.searching) return;
      running = true;
      requestAnimationFrame(step);
    };
  }, [view, redraw]);
  useEffect(() => {
    let fresh = 0;
    let flooded = false;
    const schedule = paced(() => (flooded ? floodPace : pace));
    let due = false;
    let gone = false;
    const stop = log.watch((batch) => {
      view.append(batch);
      fresh += batch.length;
      if (due) return;
      due = true;
      schedule(() => {
        due = false;
        flooded = fresh > flood;
        fresh = 0;
        if (!gone) redraw();
      });
    });
    return () => {
      gone = true;
      stop();
    };
  }, [log, view, redraw]);
  const filter = useMemo(
    () => (f: Filter) => {
      view.filter(f);
      redraw();
      searchOn();
    },
    [view, redraw, searchOn],
  );
  return { view, redraw, filter };
}
