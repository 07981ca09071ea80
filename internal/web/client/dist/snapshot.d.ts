import type { Row } from "./events.gen.js";
/** The rows of a table as one snapshot of the database has them. */
export interface Snapshot {
    /** The columns of the key. */
    readonly key: readonly string[];
    readonly rows: readonly Row[];
    /** Says whether what a transaction has done is in the rows. */
    sees(tx: string): boolean;
}
/** Why rows were not read. */
export declare class RowsError extends Error {
    /** As the server calls it: "not-readable", "limit-exceeded". */
    readonly code: string;
    /** After how many milliseconds to try again; undefined: when one wants. */
    readonly retryIn?: number | undefined;
    /** The same request is refused again. */
    readonly final: boolean;
    constructor(
    /** As the server calls it: "not-readable", "limit-exceeded". */
    code: string, message: string, 
    /** After how many milliseconds to try again; undefined: when one wants. */
    retryIn?: number | undefined, 
    /** The same request is refused again. */
    final?: boolean);
}
/** Reads "xmin:xmax:xip,xip", as PostgreSQL writes it. */
export declare function seenBy(snapshot: string): Snapshot["sees"];
/** Reads the answer of /rows. Without its last line it is none. */
export declare function readSnapshot(fetch: typeof globalThis.fetch, url: string, token: string, abort: AbortController): Promise<Snapshot>;
