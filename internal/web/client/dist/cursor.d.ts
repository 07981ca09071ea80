import type { FeedEvent } from "./wire.js";
/** Where a stream is: the cursor to continue from, and a guard against what came before it. */
export interface Tracker {
    readonly cursor: string | undefined;
    readonly position: number | undefined;
    /** Takes note of an event. False: it was delivered before, or comes too late. */
    admit(event: FeedEvent): boolean;
    /** Takes note that everything up to here was delivered. */
    advance(cursor: string, position: number): void;
    /** Begins anew, also at a lower position. */
    moveTo(cursor: string, position: number): void;
}
/**
 * The server repeats nothing and leaves nothing out after a cursor. This holds
 * even if it did: one change has an event of a name once.
 */
export declare function trackCursor(cursor?: string): Tracker;
