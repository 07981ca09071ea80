import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useInsertionEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { openFeed } from "./feed.js";
import { consoleLog } from "./handlers.js";
import type { Feed, FeedOptions, FeedStatus, RowsOptions } from "./options.js";
import type { RowList, RowsStatus } from "./rows.js";
import type { Views } from "./views.js";
import { textOf, type Where } from "./where.js";
import type { Row } from "./events.gen.js";
import type { EventName, EventPattern, Known, OtherStem, Stem } from "./tables.js";
import type { DataOf, FeedEvent, Reset } from "./wire.js";

/** A feed that old code may take for its socket. */
export interface FeedSocket extends Feed {
  /** join-tenant needs not be said any more: the feed joins its tenant by itself. */
  emit(name: "join-tenant" | "leave-tenant", tenantId: string): void;
}

const Context = createContext<{ feed: FeedSocket; views: Views } | null>(null);

/** The newest of a value, for callbacks that outlive a render. */
function useLatest<T>(value: T) {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}

export interface SocketProviderProps extends FeedOptions {
  children?: ReactNode;
}

/**
 * Connects while it is mounted. Another url, tenantId, list of events or filter of
 * rows makes another feed; other callbacks just replace the ones before. onReset is
 * called for the feeds of hooks with a filter of their own, too.
 */
export function SocketProvider({ children, ...options }: SocketProviderProps) {
  const latest = useLatest(options);
  const key = JSON.stringify([String(options.url), options.tenantId, options.events, textOf(options.where)]);
  const make = () => {
    for (const name of ["getToken", "onReset"] as const)
      if (typeof options[name] !== "function") throw new TypeError(`rowcast: SocketProvider needs ${name}, a function`);
    const [feed, views] = openFeed({
      ...options,
      getToken: (fresh) => latest.current.getToken(fresh),
      onReset: (reset) => latest.current.onReset(reset),
      log: (...entry) => (latest.current.log ?? consoleLog)(...entry),
    });
    const emit: FeedSocket["emit"] = (name, tenantId) => {
      if (name === "join-tenant" && tenantId === feed.tenantId) return;
      latest.current.log?.("warn", `${name} ${tenantId}: the feed follows the tenant of its SocketProvider`);
    };
    return { key, page: { feed: Object.defineProperty(feed, "emit", { value: emit }) as FeedSocket, views } };
  };
  const [made, setMade] = useState(make);
  if (made.key !== key) setMade(make());
  const { page } = made;
  const { feed } = page;

  useEffect(() => {
    // Not at once: StrictMode mounts, unmounts and mounts again in one go, and
    // only the last of these should connect.
    let mounted = true;
    queueMicrotask(() => mounted && feed.connect());
    return () => {
      mounted = false;
      feed.close();
    };
  }, [feed]);
  return <Context.Provider value={page}>{children}</Context.Provider>;
}

/** What the SocketProvider around has. */
function usePage() {
  const page = useContext(Context);
  if (!page) throw new Error("rowcast: useSocket and the other hooks need a SocketProvider around");
  return page;
}

/** The feed of the SocketProvider around. */
export const useSocket = (): FeedSocket => usePage().feed;

/** For hooks that want other rows than the feed around: see useFeedEvent. */
export interface HookOptions {
  /**
   * Which rows are wanted. Hooks with an equal filter share a feed of their own beside that of the SocketProvider: one
   * more connection for each different filter, with the same token, while one of them is mounted. It begins where the
   * feed around is.
   */
  where?: Where | undefined;
}

/** Has a handler called for the events of a name, or "*" for all. It may change with every render. */
export function useFeedEvent(name: "*", handler: (event: FeedEvent) => unknown, options?: HookOptions): void;
export function useFeedEvent<N extends EventName>(
  name: N,
  handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown,
  options?: HookOptions,
): void;
export function useFeedEvent<N extends EventPattern>(
  name: N,
  handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown,
  options?: HookOptions,
): void;
export function useFeedEvent(name: string, handler: (...args: any[]) => unknown, options?: HookOptions): void {
  const { views } = usePage();
  const key = textOf(options?.where);
  const latest = useLatest(handler);
  useEffect(() => {
    const [feed, leave] = views.take(key);
    const off = feed.on(name as EventName, (...args: unknown[]) => latest.current(...args));
    return () => {
      off();
      leave();
    };
  }, [views, key, name, latest]);
}

/** The status of the feed. It renders anew when that changes, not with each event. */
export function useFeedStatus(options?: HookOptions): FeedStatus {
  const { views } = usePage();
  const key = textOf(options?.where);
  const subscribe = useCallback(
    (listener: () => void) => {
      const [feed, leave] = views.take(key);
      const off = feed.onStatus(listener);
      return () => {
        off();
        leave();
      };
    },
    [views, key],
  );
  const current = () => views.status(key);
  return useSyncExternalStore(subscribe, current, current);
}

/**
 * Has a callback called when state has to be loaded again: after a reset, and
 * with the reason "joined" when the feed has begun, as what was loaded before
 * may lack what was committed in between.
 */
export function useFeedResync(callback: (why: Reset) => unknown, options?: HookOptions): void {
  const { views } = usePage();
  const key = textOf(options?.where);
  const latest = useLatest(callback);
  useEffect(() => {
    const [feed, leave] = views.take(key);
    let begun = feed.status.cursor !== undefined;
    const offStatus = feed.onStatus(({ cursor, position }) => {
      if (begun || cursor === undefined) return;
      begun = true;
      latest.current({ reason: "joined", cursor, position: position ?? 0 });
    });
    const offReset = feed.onReset((reset) => latest.current(reset));
    return () => {
      offStatus();
      offReset();
      leave();
    };
  }, [views, key, latest]);
}

/** The rows of a table, as they are, and what becomes of them. */
export interface UsedRows<R> {
  readonly rows: readonly R[];
  readonly status: RowsStatus;
  readonly awaitTx: RowList<R>["awaitTx"];
}

/**
 * The rows of a table, by the stem of its events, kept as they are in the database while a component has them. Hooks that
 * want equal rows share them. Where pages are rendered on a server there are none.
 */
export function useRows<S extends Stem>(stem: S, options?: RowsOptions<Known["rows"][S]>): UsedRows<Known["rows"][S]>;
export function useRows<N extends string>(stem: OtherStem<N>, options?: RowsOptions<Row>): UsedRows<Row>;
export function useRows(stem: string, options?: RowsOptions<any>): UsedRows<any> {
  const { feed } = usePage();
  const list: RowList<any> = (feed as Feed<any>).rows(stem, options);
  const status = useSyncExternalStore(list.subscribe, () => list.status, idle);
  const rows = useSyncExternalStore(list.subscribe, () => list.rows, none);
  return { rows, status, awaitTx: list.awaitTx };
}

const noRows: readonly never[] = [];
const none = () => noRows;
const noStatus: RowsStatus = { state: "idle" };
const idle = () => noStatus;
