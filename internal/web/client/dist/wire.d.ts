import type { AnyEventData } from "./events.gen.js";
import type { AnyTables, EventName, Known } from "./tables.js";
/** The events that a pattern stands for. */
type NamesOf<Stem extends string, T extends AnyTables> = Extract<EventName<T>, `${Stem}:${string}`>;
/** What an event may be called; of a pattern, those that it stands for. */
export type NameOf<N extends string, T extends AnyTables = Known> = N extends `${infer Stem}:*` ? [NamesOf<Stem, T>] extends [never] ? `${Stem}:${string}` : NamesOf<Stem, T> : N;
/**
 * What the data of an event is. Tables outside the catalogue have rows of any
 * columns; of a pattern it is that of any event it stands for.
 */
export type DataOf<N extends string, T extends AnyTables = Known> = N extends EventName<T> ? T["events"][N] : string extends N ? any : N extends `${infer Stem}:*` ? [NamesOf<Stem, T>] extends [never] ? AnyEventData[keyof AnyEventData] : T["events"][NamesOf<Stem, T>] : N extends `${string}:${infer Verb}` ? Verb extends keyof AnyEventData ? AnyEventData[Verb] : unknown : unknown;
/** Where a change came from. */
export interface Source {
    table: string;
    op: string;
    tx: string;
    writer: string;
}
/** An event as it came over the wire. Events arrive in the order of their positions. */
export interface FeedEvent<N extends string = string, T extends AnyTables = Known> {
    event: NameOf<N, T>;
    tenantId: string;
    /** Its number among the changes of the tenant. Several events of one change share it. */
    position: number;
    /** The first position of a bulk event, which ends at `position`. */
    from?: number;
    /** Opaque; give it to createFeed to continue after this event. */
    cursor: string;
    /** When the change was recorded: UTC, microseconds. */
    at: string;
    /**
     * A number of a column that JavaScript cannot hold is text. One within an array, json or a composite value is what
     * JSON.parse makes of it: beyond 2^53 rounded. The guide for clients says how to read those exactly.
     */
    data: DataOf<N, T>;
    /** The change cannot be read, so the event has no row: load what it is about. Its name is `<name>:unreadable`. */
    unreadable?: true;
    /** Why it cannot be read. */
    reason?: "decoding" | "mapping" | "encoding" | "size";
    /** The columns that an update changed, and what they were. */
    changed?: string[];
    previous?: Record<string, unknown>;
    /**
     * With `where`: the update made its row one that is wanted, or one that is not wanted any more. `entered` has the row
     * as it is, `left` as it was; both are without `changed` and `previous`.
     */
    match?: "entered" | "left";
    source?: Source;
}
/** Why the state has to be reloaded, and from where events follow. */
export interface Reset {
    /**
     * `expired`: away for too long. `diverged`: the history is another one. `invalid`: no cursor. `policy`: what one may
     * see is not what it was.
     */
    reason: string;
    cursor: string;
    position: number;
}
/** What the server says. */
export type ServerMessage = {
    type: "welcome";
    protocol: number;
    pingInterval: number;
    pingTimeout: number;
} | {
    type: "joined";
    tenantId: string;
    cursor: string;
    position: number;
    events?: string[];
    holes?: true;
    hint?: string;
} | {
    type: "progress";
    tenantId: string;
    cursor: string;
    position: number;
} | ({
    type: "reset";
    tenantId: string;
    retryAfter?: number | undefined;
} & Reset) | ({
    type: "event";
} & FeedEvent) | {
    type: "left";
    tenantId: string;
} | {
    type: "ping" | "pong" | "token-expiring";
} | {
    type: "error";
    code: string;
    message: string;
    request?: string;
    tenantId?: string;
} | {
    type: "closed";
    code: number;
    reason: string;
};
/** The pattern that stands for an event and all others of its stem. */
export declare const patternOf: (event: string) => string;
/** How a connection ended without a word. */
export declare const lost = 1006;
/** The close code that goes with the name of a refusal; a lost connection for others. */
export declare const codeOf: (name: string) => number;
/** Says whether a connection that ended with this code is tried again. */
export declare const comesBack: (code: number) => boolean;
export {};
