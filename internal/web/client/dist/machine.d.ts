import { type End } from "./connection.js";
import type { FeedState } from "./options.js";
export type Transport = "websocket" | "sse";
/** What stays from one attempt to the next. */
interface Memory {
    /** The transports that there are here: at least one. */
    readonly can: Readonly<Record<Transport, boolean>>;
    /** Attempts since the last good connection. */
    readonly failures: number;
    /** Attempts over WebSocket without a word of the server. */
    readonly silences: number;
}
/** What a feed is doing. */
export type State = Memory & ({
    readonly at: "idle";
} | {
    readonly at: "closed";
    readonly code: number;
    readonly reason: string;
}
/** Between two attempts. `named`: the server said how long. `fresh`: the last token was refused as expired. */
 | {
    readonly at: "waiting";
    readonly code: number;
    readonly reason: string;
    readonly retryIn: number;
    readonly named: boolean;
    readonly fresh: boolean;
}
/** Gets a token, unless it has one. */
 | {
    readonly at: "token";
    readonly fresh: boolean;
    readonly token: string | undefined;
} | {
    readonly at: "joining";
    readonly transport: Transport;
    readonly spoke: boolean;
}
/** Connected, since a time by the clock that nobody sets. */
 | {
    readonly at: "catching-up" | "live" | "stale";
    readonly transport: Transport;
    readonly since: number;
});
/** What may happen to a feed. Clocks, chance and the network come with it, so that next needs none. */
export type Input = {
    type: "connect";
} | {
    type: "close";
}
/** The pause is over, or this connection cannot go on with another token. */
 | {
    type: "again";
    fresh: boolean;
    token?: string;
} | {
    type: "token";
}
/** The server said something. */
 | {
    type: "spoke";
} | {
    type: "joined";
    resumed: boolean;
    now: number;
} | {
    type: "caught-up";
} | {
    type: "stale";
}
/** The attempt is over. `chance` is from 0 up to 1. */
 | {
    type: "ended";
    end: End;
    now: number;
    chance: number;
    online: boolean;
}
/** The page is seen again, or has its network back. */
 | {
    type: "seen";
} | {
    type: "online";
};
/** What the state is called in the status. */
export declare const nameOf: ({ at }: State) => FeedState;
/** Whether the feed is connected: it has joined its tenant. */
export declare const hasJoined: (state: State) => state is State & {
    at: "catching-up" | "live" | "stale";
};
export declare const begin: (can: Memory["can"]) => State;
/** The state after an input: the same one if it means nothing now. */
export declare function next(state: State, input: Input): State;
export {};
