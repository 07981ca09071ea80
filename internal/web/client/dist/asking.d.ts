type Filter = readonly string[] | undefined;
/** Which events the server was asked for, and when it has to be asked anew. */
export interface Asking {
    /**
     * The answer is still to come. Until then no event counts, as it comes again: the
     * answer continues from where the stream is.
     */
    readonly pending: boolean;
    /** Takes note that the server is asked now, for the filter that this returns. */
    begin(): Filter;
    answered(): void;
    /** Handlers have come or gone. More is asked for at once, for all that come in one go together. */
    look(): void;
    stop(): void;
}
/** Asks for what is wanted; for less only where canNarrow says that it needs no other connection. */
export declare function createAsking(wanted: () => Filter, canNarrow: () => boolean, ask: () => void): Asking;
export {};
