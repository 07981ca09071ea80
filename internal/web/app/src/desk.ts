import type { FeedEvent, Where } from "@rowcast/client";
import { createContext, useContext } from "react";
import { openStatuses } from "./api.ts";
import { Log, type Entry } from "./feed/log.ts";
import { Stats } from "./feed/stats.ts";
import { sentence } from "./format.ts";
import { flood, Live } from "./live/live.ts";
import { nextFrame, paced, Pump } from "./live/pump.ts";
import { currentPage } from "./router.tsx";
import { Toasts } from "./toast/toasts.ts";

/** How often, in milliseconds, events change the lists at most; and when they come faster than anybody reads. */
const pace = 150;
const floodPace = 400;

/** The rows that the list of open orders wants: of a warehouse, if one is chosen. */
export const openOrders = (warehouse: string): Where => ({
  order: { status: { in: openStatuses }, ...(warehouse && { warehouse }) },
});

/** What belongs to one login, outside of React: it is begun and thrown away as a whole. */
export class Desk {
  readonly toasts = new Toasts();
  readonly log = new Log();
  readonly stats = new Stats();
  readonly live = new Live(currentPage, (news) => this.toasts.push(news));
  readonly #record = new Pump<Entry>((batch) => this.log.append(batch), nextFrame);
  readonly #patch = new Pump<FeedEvent>(
    (batch) => {
      this.#flooded = batch.length > flood;
      this.live.apply(batch);
    },
    paced(() => (this.#flooded ? floodPace : pace)),
  );
  readonly #open = new Map<string, Pump<FeedEvent>>();
  #flooded = false;

  /** Takes an event of the feed. It is cheap: the work is done in batches, a few times a second. */
  receive = (event: FeedEvent): void => {
    this.#record.push({ event, lag: this.stats.add(Date.parse(event.at), Date.now()) });
    this.#patch.push(event);
  };

  /** Takes an event of the open orders. Of one that enters or leaves the log has both: this event, and that of all. */
  receiveOpen = (event: FeedEvent, warehouse: string): void => {
    if (event.match) {
      const lag = this.stats.lag(Date.parse(event.at), Date.now());
      this.#record.push({ event, lag, where: openOrders(warehouse) });
    }
    let pump = this.#open.get(warehouse);
    if (!pump) {
      pump = new Pump(
        (batch) => this.live.applyOpen(batch, warehouse),
        paced(() => pace),
      );
      this.#open.set(warehouse, pump);
    }
    pump.push(event);
  };

  /** Shows what went wrong with something that was asked for. */
  complain = (title: string, error: Error): void => {
    this.toasts.push([
      { kind: `failed:${title}`, title: () => title, detail: () => sentence(error.message), tone: "bad" },
    ]);
  };

  close(): void {
    this.toasts.clear();
    this.live.stop();
  }
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("there is no desk around");
  return desk;
}
