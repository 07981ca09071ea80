import { now } from "./connection.js";
import type { Row } from "./events.gen.js";
import type { Log } from "./handlers.js";
import type { Feed } from "./options.js";
import { RowsError, type Snapshot } from "./snapshot.js";
import type { FeedEvent } from "./wire.js";

/** Rows are read at most once in so many milliseconds. */
const loadPause = 1_000;
/** The longest pause between two attempts. */
const longestPause = 30_000;
/** How many transactions are remembered for awaitTx. */
const mostSeen = 1_000;
/** How long awaitTx waits. */
const txTime = 5_000;

/**
 * - `idle`: nobody has subscribed.
 * - `loading`: there are no rows yet.
 * - `ready`: the rows are those of the table, as far as the feed is.
 * - `reloading`: the same, but for what events did not say. That is being read.
 * - `failed`: the server refuses the rows, see code and reason; a reset of the feed begins anew.
 */
export interface RowsStatus {
  readonly state: "idle" | "loading" | "ready" | "reloading" | "failed";
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

/** What became of rows: all are others, one is new or another one, one is gone. */
export type RowsChange<R = Row> =
  | { readonly type: "load"; readonly rows: readonly R[] }
  | { readonly type: "put"; readonly row: R; readonly before: R | undefined }
  | { readonly type: "drop"; readonly row: R };

/** The rows of a table, kept as they are in the database. */
export interface RowList<R = Row> {
  /** In no order that is promised. The same array until something changes. */
  readonly rows: readonly R[];
  /** The same object until it changes. */
  readonly status: RowsStatus;
  /** When the rows are there for the first time; refused if the server refuses them. */
  readonly ready: Promise<void>;
  /** The columns of the key; none before the rows are there. */
  readonly key: readonly string[];
  /** Keeps the rows, while somebody has subscribed. It is given what has changed; with nothing, the status has. */
  subscribe(listener: (changes: readonly RowsChange<R>[]) => void): () => void;
  /**
   * Waits until the rows have what a transaction did: pg_current_xact_id()::text in it. It is refused after 5 s. A
   * change that makes no event for these rows never comes.
   */
  awaitTx(tx: string, timeout?: number): Promise<void>;
}

/** What a list needs. */
export interface ListOptions {
  stem: string;
  /** The feed of its rows, and what lets go of it. */
  take(): [feed: Feed<any>, leave: () => void];
  load(feed: Feed<any>, abort: AbortController): Promise<Snapshot>;
  /** Is called when nobody has subscribed any more, and when somebody has. */
  used(list: RowList, used: boolean): void;
  log: Log;
}

/** Makes a list. It does nothing until somebody subscribes. */
export function createList({ stem, take, load, used, log }: ListOptions): RowList {
  const listeners = new Set<{ call: (changes: readonly RowsChange[]) => void }>();
  let rows = new Map<string, Row>();
  let array: readonly Row[] | undefined = []; // made when somebody looks
  let key: readonly string[] = [];
  let status: RowsStatus = { state: "idle" };
  let heard = status;
  let changes: RowsChange[] = [];
  let stop: (() => void) | undefined;
  let feed: Feed<any>;

  // A snapshot has whatever came before it was asked for. What came since is held for it.
  let running: AbortController | undefined;
  let held: FeedEvent[] = [];
  let sees: Snapshot["sees"] = () => false;
  let loaded = false;
  let begun = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = 0; // no load before
  let failures = 0;

  const seen = new Set<string>();
  const waiting = new Set<{ tx: string; settle: () => void }>();
  let ready = promise();
  const renew = () => {
    if (ready.over) ready = promise();
  };

  const has = (tx: string) => seen.has(tx) || sees(tx);
  const set = (next: RowsStatus) => {
    if (next.state !== status.state || next.reason !== status.reason) status = next;
  };
  const notify = () => {
    const now = changes;
    changes = [];
    if (now.length) array = undefined;
    for (const one of waiting) if (has(one.tx)) one.settle();
    if (!now.length && heard === status) return;
    heard = status;
    for (const listener of [...listeners])
      try {
        listener.call(now);
      } catch (error) {
        log("error", `a listener to the rows of ${stem} failed`, error);
      }
  };

  const keyOf = (row: Row, previous: Row = {}) =>
    JSON.stringify(key.map((name) => (Object.hasOwn(previous, name) ? previous : row)[name]));
  const drop = (at: string) => {
    const row = rows.get(at);
    if (row && rows.delete(at)) changes.push({ type: "drop", row });
  };
  const put = (row: Row, at: string, was: string) => {
    if (was !== at) drop(was);
    changes.push({ type: "put", row, before: rows.get(at) });
    rows.set(at, row);
  };

  const apply = ({ event, data, match, previous, unreadable }: FeedEvent) => {
    const verb = unreadable ? "bulk" : event.slice(stem.length + 1);
    if (verb === "bulk") ask();
    else if (verb === "truncated") {
      rows.clear();
      changes.push({ type: "load", rows: [] });
    } else if (verb === "deleted" || (verb === "updated" && match === "left")) drop(keyOf(data));
    else if (verb === "created" || verb === "updated") put(data, keyOf(data), keyOf(data, previous));
  };

  /** Applies an event, unless the rows had what it says when they were read. */
  const follow = (e: FeedEvent) => {
    const tx = e.source?.tx;
    if (tx && sees(tx)) return;
    apply(e);
    if (tx && seen.add(tx).size > mostSeen) seen.delete(seen.values().next().value!);
  };

  const receive = (e: FeedEvent) => {
    if (running) held.push(e);
    if (!loaded) return; // the snapshot has it, if it is not held
    follow(e);
    notify();
  };

  /** Reads the rows when that is due, unless it is being done: then its end looks whether it is needed. */
  const ask = (wait = 0) => {
    if (running || status.state === "failed") return;
    set({ state: loaded ? "reloading" : "loading" });
    due = Math.max(due, now() + wait);
    clearTimeout(timer);
    timer = setTimeout(() => void run(), Math.max(0, due - now()));
  };

  const run = async () => {
    const mine = (running = new AbortController());
    held = [];
    due = now() + loadPause;
    try {
      const read = await load(feed, mine);
      if (running !== mine) return;
      running = undefined;
      ({ key, sees } = read);
      rows = new Map(read.rows.map((row) => [keyOf(row), row]));
      loaded = true;
      failures = 0;
      changes.push({ type: "load", rows: [...rows.values()] });
      set({ state: "ready" });
      held.forEach(follow);
      held = [];
      notify();
      ready.resolve();
    } catch (error) {
      if (running !== mine) return;
      running = undefined;
      const { code, message, retryIn, final } =
        error instanceof RowsError ? error : new RowsError("unavailable", String(error));
      if (final) return fail(code, message);
      log("debug", `the rows of ${stem} were not read`, error);
      ask(retryIn ?? Math.random() * Math.min(longestPause, loadPause * 2 ** failures++));
    }
  };

  const fail = (code: string, reason: string) => {
    log("error", `the rows of ${stem} cannot be had: ${reason}`);
    set({ state: "failed", code, reason });
    ready.reject(new RowsError(code, reason, undefined, true));
    notify();
  };

  /** Ends what is being read, as it means nothing any more. */
  const forget = () => {
    running?.abort();
    running = undefined;
    clearTimeout(timer);
    sees = () => false;
    seen.clear();
  };

  const start = () => {
    const [taken, leave] = take();
    feed = taken;
    renew();
    set({ state: "loading" });
    const look = () => {
      const { state, reason = "" } = feed.status;
      if (!begun && feed.status.cursor !== undefined) {
        begun = true;
        ask();
      } else if (state === "closed" && !loaded && status.state !== "failed") fail("closed", reason);
      else if (state !== "closed" && status.code === "closed") restart();
    };
    const restart = () => {
      renew();
      forget();
      status = { state: loaded ? "reloading" : "loading" };
      if (begun) ask();
      notify();
    };
    const offs = [
      feed.on(`${stem}:*`, (_: unknown, e: FeedEvent) => receive(e)),
      feed.onReset(restart), // when the server wants that
      feed.onStatus(look),
      leave,
    ];
    look();
    return () => {
      offs.forEach((off) => off());
      forget();
      loaded = begun = false;
      rows = new Map();
      array = [];
      set({ state: "idle" });
    };
  };

  const list: RowList = {
    get rows() {
      return (array ??= [...rows.values()]);
    },
    get status() {
      return status;
    },
    get ready() {
      return ready.promise;
    },
    get key() {
      return key;
    },
    subscribe(listener) {
      const entry = { call: listener };
      listeners.add(entry);
      used(list, true);
      stop ??= start();
      return () => {
        listeners.delete(entry);
        // Later: parts of a page come and go in one go.
        queueMicrotask(() => {
          if (listeners.size) return;
          stop?.();
          stop = undefined;
          used(list, false);
        });
      };
    },
    awaitTx(tx, timeout = txTime) {
      if (!/^\d+$/.test(tx)) throw new TypeError(`rowcast: ${tx} is no transaction; give pg_current_xact_id()::text`);
      if (has(tx)) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const end = setTimeout(() => {
          waiting.delete(one);
          reject(
            new RowsError("unavailable", `nothing of transaction ${tx} came to the rows of ${stem} in ${timeout} ms`),
          );
        }, timeout);
        const one = {
          tx,
          settle() {
            clearTimeout(end);
            waiting.delete(one);
            resolve();
          },
        };
        waiting.add(one);
      });
    },
  };
  return list;
}

/** A promise that may be refused without anybody listening. */
function promise() {
  const it = { over: false, resolve() {}, reject(_: Error) {}, promise: Promise.resolve() };
  it.promise = new Promise((resolve, reject) => {
    it.resolve = () => ((it.over = true), resolve());
    it.reject = (error) => ((it.over = true), reject(error));
  });
  it.promise.catch(() => {});
  return it;
}
