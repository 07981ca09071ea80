import { type ReactNode } from "react";
import type { Feed, FeedOptions, FeedStatus, RowsOptions } from "./options.js";
import type { RowList, RowsStatus } from "./rows.js";
import { type Where } from "./where.js";
import type { Row } from "./events.gen.js";
import type { EventName, EventPattern, Known, OtherStem, Stem } from "./tables.js";
import type { DataOf, FeedEvent, Reset } from "./wire.js";
/** A feed that old code may take for its socket. */
export interface FeedSocket extends Feed {
    /** join-tenant needs not be said any more: the feed joins its tenant by itself. */
    emit(name: "join-tenant" | "leave-tenant", tenantId: string): void;
}
export interface SocketProviderProps extends FeedOptions {
    children?: ReactNode;
}
/**
 * Connects while it is mounted. Another url, tenantId, list of events or filter of
 * rows makes another feed; other callbacks just replace the ones before. onReset is
 * called for the feeds of hooks with a filter of their own, too.
 */
export declare function SocketProvider({ children, ...options }: SocketProviderProps): import("react").JSX.Element;
/** The feed of the SocketProvider around. */
export declare const useSocket: () => FeedSocket;
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
export declare function useFeedEvent(name: "*", handler: (event: FeedEvent) => unknown, options?: HookOptions): void;
export declare function useFeedEvent<N extends EventName>(name: N, handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown, options?: HookOptions): void;
export declare function useFeedEvent<N extends EventPattern>(name: N, handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown, options?: HookOptions): void;
/** The status of the feed. It renders anew when that changes, not with each event. */
export declare function useFeedStatus(options?: HookOptions): FeedStatus;
/**
 * Has a callback called when state has to be loaded again: after a reset, and
 * with the reason "joined" when the feed has begun, as what was loaded before
 * may lack what was committed in between.
 */
export declare function useFeedResync(callback: (why: Reset) => unknown, options?: HookOptions): void;
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
export declare function useRows<S extends Stem>(stem: S, options?: RowsOptions<Known["rows"][S]>): UsedRows<Known["rows"][S]>;
export declare function useRows<N extends string>(stem: OtherStem<N>, options?: RowsOptions<Row>): UsedRows<Row>;
