import type { Row } from "./events.gen.js";
import type { Log } from "./handlers.js";
import type { Feed } from "./options.js";
import { type Snapshot } from "./snapshot.js";
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
export type RowsChange<R = Row> = {
    readonly type: "load";
    readonly rows: readonly R[];
} | {
    readonly type: "put";
    readonly row: R;
    readonly before: R | undefined;
} | {
    readonly type: "drop";
    readonly row: R;
};
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
export declare function createList({ stem, take, load, used, log }: ListOptions): RowList;
