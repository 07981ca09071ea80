import type { Log } from "./handlers.js";
import type { RowList } from "./rows.js";
import type { EventSourceClass } from "./sse.js";
import type { WebSocketClass } from "./websocket.js";
import type { Rows, Where } from "./where.js";
import type { Row } from "./events.gen.js";
import type { AnyTables, EventName, EventPattern, Known, OtherStem, Stem } from "./tables.js";
import type { DataOf, FeedEvent, Reset } from "./wire.js";

export interface FeedOptions<T extends AnyTables = Known> {
  /** The server, or a path on it: "https://feed.example.com", or "/" for that of the page. */
  url: string | URL;
  /**
   * Answers a token; it is asked each time the feed connects, and before a
   * token expires. `fresh`: the last one was refused as expired, or is about to
   * expire, so one from a cache will not do. No token: the feed closes with 4501.
   */
  getToken: (fresh: boolean) => string | null | undefined | Promise<string | null | undefined>;
  /** Left out: the only one that the token names. */
  tenantId?: string | number | undefined;
  /**
   * The feed cannot continue from its cursor: load the state again. Events follow from there. Where the server asks for
   * some time, so that not everybody loads at once, this is called when that has passed.
   */
  onReset: (reset: Reset) => void;
  /**
   * Patterns: "order:created", "order:*". The server is asked for these, whatever handlers there are. Left out: for
   * what the handlers are there for.
   */
  events?: readonly (EventName<T> | "*" | EventPattern<T>)[] | undefined;
  /**
   * Which rows are wanted, by their columns: `{ order: { status: { in: ["pending", "processing"] } } }`. An update that
   * lets a row in or out has `match`. A filter that the server refuses closes the feed with 4500 and its reason.
   */
  where?: Where<T> | undefined;
  /** Where to continue from, out of an earlier event or status. Left out: from now on. */
  cursor?: string | undefined;
  /** For Node before 22: the class of the package ws. Null: never, as where it is known to be blocked. */
  WebSocket?: WebSocketClass | null | undefined;
  /** Reads Server-Sent Events with this class and a ticket instead of with fetch. */
  EventSource?: EventSourceClass | undefined;
  fetch?: typeof globalThis.fetch | undefined;
  /**
   * Milliseconds of silence after which the server is taken for dead, from 1 to
   * 2147483647; createFeed throws a RangeError for another number. Default: what
   * the server announces.
   */
  heartbeat?: number | undefined;
  /** Default: warnings and errors go to the console. */
  log?: Log | undefined;
}

/**
 * - `idle`: not connected, because nobody wants it.
 * - `connecting`: no connection yet or any more; it comes back by itself.
 * - `catching-up`: connected, and behind: what was missed is arriving.
 * - `live`: connected.
 * - `stale`: connected, but the server cannot read the database just now.
 * - `closed`: ended for good by the server, see code; only connect begins anew.
 */
export type FeedState = "idle" | "connecting" | "live" | "catching-up" | "stale" | "closed";

/** The same object until something but cursor and position changes, which are always the current ones. */
export interface FeedStatus {
  readonly state: FeedState;
  /** The close code of the last connection, and what was said; in `connecting` and `closed`. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds from the beginning of this status to the next attempt. */
  readonly retryIn?: number | undefined;
  readonly transport?: "websocket" | "sse" | undefined;
  /** Where the stream is. Undefined: it never began. */
  readonly cursor: string | undefined;
  readonly position: number | undefined;
}

export interface Feed<T extends AnyTables = Known> {
  /** As the server writes it, once the feed has joined. Undefined: it has not, and the token says which. */
  readonly tenantId: string | undefined;
  readonly status: FeedStatus;
  /** State live, catching-up or stale. */
  readonly connected: boolean;
  /** Connects, if it has not; from then on the feed keeps itself connected. */
  connect(): void;
  /** Disconnects. A later connect continues after the last event that was delivered. */
  close(): void;
  /** Each of these answers what ends it. */
  onStatus(listener: (status: FeedStatus) => void): () => void;
  onReset(listener: (reset: Reset) => void): () => void;
  /**
   * Calls a handler for each event of a name that comes after status.cursor as it is now. All handlers share the
   * connection: the server is asked for what they want together, and asked anew when one comes or goes.
   */
  on(name: "*", handler: (event: FeedEvent<string, T>) => unknown): () => void;
  /** Of "order:*" a handler is called for each event of the stem, after the handlers of its name. */
  on<N extends EventName<T>>(name: N, handler: (data: DataOf<N, T>, event: FeedEvent<N, T>) => unknown): () => void;
  on<N extends EventPattern<T>>(name: N, handler: (data: DataOf<N, T>, event: FeedEvent<N, T>) => unknown): () => void;
  /** Ends a handler, or all of a name. */
  off(name: string, handler?: (...args: any[]) => unknown): void;
  /**
   * The rows of a table, by the stem of its events, kept as they are in the database. Lists of equal rows are one. Rows
   * by another filter than that of the feed have a feed of their own beside it, as long as somebody subscribes.
   */
  rows<S extends Stem<T>>(stem: S, options?: RowsOptions<T["rows"][S]>): RowList<T["rows"][S]>;
  rows<N extends string>(stem: OtherStem<N, T>, options?: RowsOptions<Row>): RowList<Row>;
}

export interface RowsOptions<R> {
  /** Which rows are wanted. Left out: those of the feed. */
  where?: Rows<R> | undefined;
}
