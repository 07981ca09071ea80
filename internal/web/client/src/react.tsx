import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useInsertionEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { createFeed } from "./feed.js";
import { consoleLog } from "./handlers.js";
import type { Feed, FeedOptions, FeedStatus } from "./options.js";
import type { DataOf, EventName, FeedEvent, Reset } from "./wire.js";

/** A feed that old code may take for its socket. */
export interface FeedSocket extends Feed {
  /** join-tenant needs not be said any more: the feed joins its tenant by itself. */
  emit(name: "join-tenant" | "leave-tenant", tenantId: string): void;
}

const Context = createContext<FeedSocket | null>(null);

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
 * Connects while it is mounted. Another url, tenantId or list of events makes
 * another feed; other callbacks just replace the ones before.
 */
export function SocketProvider({ children, ...options }: SocketProviderProps) {
  const latest = useLatest(options);
  const key = JSON.stringify([String(options.url), options.tenantId, options.events]);
  const make = () => {
    for (const name of ["getToken", "onReset"] as const)
      if (typeof options[name] !== "function") throw new TypeError(`rowcast: SocketProvider needs ${name}, a function`);
    const feed = createFeed({
      ...options,
      getToken: (fresh) => latest.current.getToken(fresh),
      onReset: (reset) => latest.current.onReset(reset),
      log: (...entry) => (latest.current.log ?? consoleLog)(...entry),
    });
    const emit: FeedSocket["emit"] = (name, tenantId) => {
      if (name === "join-tenant" && tenantId === feed.tenantId) return;
      latest.current.log?.("warn", `${name} ${tenantId}: the feed follows the tenant of its SocketProvider`);
    };
    return { key, feed: Object.defineProperty(feed, "emit", { value: emit }) as FeedSocket };
  };
  const [made, setMade] = useState(make);
  if (made.key !== key) setMade(make());
  const { feed } = made;

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
  return <Context.Provider value={feed}>{children}</Context.Provider>;
}

/** The feed of the SocketProvider around. */
export function useSocket(): FeedSocket {
  const feed = useContext(Context);
  if (!feed) throw new Error("rowcast: useSocket and the other hooks need a SocketProvider around");
  return feed;
}

/** Has a handler called for the events of a name, or "*" for all. It may change with every render. */
export function useFeedEvent(name: "*", handler: (event: FeedEvent) => unknown): void;
export function useFeedEvent<N extends EventName>(
  name: N,
  handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown,
): void;
export function useFeedEvent<N extends `${string}:${string}`>(
  name: N,
  handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown,
): void;
export function useFeedEvent(name: string, handler: (...args: any[]) => unknown): void {
  const feed = useSocket();
  const latest = useLatest(handler);
  useEffect(() => feed.on(name as EventName, (...args: unknown[]) => latest.current(...args)), [feed, name, latest]);
}

/** The status of the feed. It renders anew when that changes, not with each event. */
export function useFeedStatus(): FeedStatus {
  const feed = useSocket();
  const current = () => feed.status;
  return useSyncExternalStore(feed.onStatus, current, current);
}

/**
 * Has a callback called when state has to be loaded again: after a reset, and
 * with the reason "joined" when the feed has begun, as what was loaded before
 * may lack what was committed in between.
 */
export function useFeedResync(callback: (why: Reset) => unknown): void {
  const feed = useSocket();
  const latest = useLatest(callback);
  useEffect(() => {
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
    };
  }, [feed, latest]);
}
