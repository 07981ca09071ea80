/** Takes note of what went wrong or is worth knowing. */
export type Log = (level: "debug" | "warn" | "error", message: string, detail?: unknown) => void;
/** Shows errors and warnings in the console. */
export declare const consoleLog: Log;
type Handler = (...args: any[]) => unknown;
/** Handlers by name. One that fails is reported, and disturbs neither the others nor the feed. */
export interface Handlers {
    on(name: string, handler: Handler): () => void;
    off(name: string, handler?: Handler): void;
    call(name: string, ...args: unknown[]): void;
    /** Calls later those that a name has now and still has then. */
    of(name: string): (...args: unknown[]) => void;
    names(): Iterable<string>;
}
export declare function createHandlers(log: Log): Handlers;
export {};
