import { type Open } from "./connection.js";
/** The part of EventSource that is used. */
export interface EventSourceLike {
    onerror: ((event: any) => void) | null;
    addEventListener(name: string, listener: (event: any) => void): void;
    close(): void;
}
export type EventSourceClass = new (url: string) => EventSourceLike;
/**
 * Server-Sent Events through fetch: the token goes into a header, every event
 * is seen whatever its name, and a refusal says why.
 */
export declare const openFetch: (fetch: typeof globalThis.fetch) => Open;
/**
 * Server-Sent Events through EventSource, with a ticket, as it sends no
 * headers. It hears events of the names it knows alone: those of the catalogue
 * and those that somebody listens to.
 */
export declare const openEventSource: (EventSource: EventSourceClass, fetch: typeof globalThis.fetch, names: () => Iterable<string>) => Open;
