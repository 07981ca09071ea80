import type { Log } from "./handlers.js";
import type { Where } from "./where.js";
import { type ServerMessage } from "./wire.js";
/** How a connection ended. */
export interface End {
    /** A WebSocket close code; 1006 if nothing was said. */
    code: number;
    reason: string;
    /** After how many milliseconds the server wants the client back. */
    retryIn?: number | undefined;
}
/** One connection. It says nothing any more once it has ended or was closed. */
export interface Connection {
    close(): void;
    /** Finds out soon whether the server is still there. */
    probe(): void;
    /** Shows a fresh token. Without it, a fresh token needs another connection. */
    auth?(token: string): void;
    /** Asks for other events, from a cursor on. Without it that needs another connection. */
    join?(events: Start["events"], cursor: string | undefined): void;
    /** Wants events of a name that is not in the catalogue. */
    listen?(name: string): void;
}
/** What a connection needs to begin. */
export interface Start {
    /** The address of the server: http or https, no slash at the end. */
    base: string;
    token: string;
    tenantId: string;
    cursor: string | undefined;
    events: readonly string[] | undefined;
    where: Where | undefined;
    /** Milliseconds of silence after which the server is taken for dead; undefined: as the server says. */
    heartbeat: number | undefined;
    log: Log;
    message(message: ServerMessage): void;
    /** Is called once, unless the connection was closed. */
    end(end: End): void;
}
/** Opens a connection. It throws only what is wrong with the options. */
export type Open = (start: Start) => Connection;
/**
 * The base address for a url: that of a server, of a path on it, or of its /ws.
 * A path alone needs a page; without one it is refused when the feed connects,
 * as pages are also rendered where there is none.
 */
export declare function baseOf(url: string | URL): string | undefined;
/** The hint in a close reason like "shutdown; retry=1234ms", in milliseconds. */
export declare function hintOf(reason: string): number | undefined;
/** Ends what says nothing for too long. */
export interface Watch {
    /** Something was heard. */
    heard(): void;
    /** Sets the longest silence, in milliseconds, counted from what was heard last. */
    limit(silence: number): void;
    /** Sets it for once: until something is heard. */
    limitOnce(silence: number): void;
    stop(): void;
}
/** The longest time of a timer, in milliseconds. One that is longer goes off at once. */
export declare const longestTimer: number;
/** Milliseconds by a clock that nobody sets. */
export declare const now: () => number;
/** Watches without a timer for each message: a timer that comes too early is set again. */
export declare function createWatch(limit: number, dead: () => void): Watch;
/** Milliseconds that a connection may take until the server says something. */
export declare const answerTimeout = 10000;
/** Milliseconds within which a server that is there answers a probe. */
export declare const probeTime = 5000;
export declare const silent: End;
