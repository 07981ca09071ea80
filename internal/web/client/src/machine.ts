import { type End, longestTimer } from "./connection.js";
import type { FeedState } from "./options.js";
import { codeOf, comesBack } from "./wire.js";

/** Milliseconds: the first pause is below the one, none is above the other. */
const firstPause = 1_000;
const longestPause = 30_000;
/** A connection that lasted so long was a good one, as was one that ended with a word on when to come back. */
const goodTime = 10_000;
/** Attempts without a word of the server after which WebSocket is taken for blocked. */
const maxSilent = 2;

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
export type State = Memory &
  (
    | { readonly at: "idle" }
    | { readonly at: "closed"; readonly code: number; readonly reason: string }
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
    | { readonly at: "token"; readonly fresh: boolean; readonly token: string | undefined }
    | { readonly at: "joining"; readonly transport: Transport; readonly spoke: boolean }
    /** Connected, since a time by the clock that nobody sets. */
    | { readonly at: "catching-up" | "live" | "stale"; readonly transport: Transport; readonly since: number }
  );

/** What may happen to a feed. Clocks, chance and the network come with it, so that next needs none. */
export type Input =
  | { type: "connect" }
  | { type: "close" }
  /** The pause is over, or this connection cannot go on with another token. */
  | { type: "again"; fresh: boolean; token?: string }
  | { type: "token" }
  /** The server said something. */
  | { type: "spoke" }
  | { type: "joined"; resumed: boolean; now: number }
  | { type: "caught-up" }
  | { type: "stale" }
  /** The attempt is over. `chance` is from 0 up to 1. */
  | { type: "ended"; end: End; now: number; chance: number; online: boolean }
  /** The page is seen again, or has its network back. */
  | { type: "seen" }
  | { type: "online" };

/** What the state is called in the status. */
export const nameOf = ({ at }: State): FeedState =>
  at === "waiting" || at === "token" || at === "joining" ? "connecting" : at;

/** Whether the feed is connected: it has joined its tenant. */
export const hasJoined = (state: State): state is State & { at: "catching-up" | "live" | "stale" } =>
  state.at === "catching-up" || state.at === "live" || state.at === "stale";

export const begin = (can: Memory["can"]): State => ({ can, failures: 0, silences: 0, at: "idle" });

/** The state after an input: the same one if it means nothing now. */
export function next(state: State, input: Input): State {
  const { can, failures, silences } = state;
  const memory = { can, failures, silences };
  if (input.type === "close") return state.at === "idle" ? state : { ...memory, at: "idle" };
  if (state.at === "idle" || state.at === "closed")
    return input.type === "connect"
      ? { can, failures: 0, silences: 0, at: "token", fresh: false, token: undefined }
      : state;
  switch (input.type) {
    case "again":
      if (state.at !== "waiting" && !hasJoined(state)) return state;
      return { ...memory, at: "token", fresh: input.fresh, token: input.token };
    case "token":
      if (state.at !== "token") return state;
      return {
        ...memory,
        at: "joining",
        transport: can.websocket && (silences < maxSilent || !can.sse) ? "websocket" : "sse",
        spoke: false,
      };
    case "spoke":
      return state.at === "joining" && !state.spoke ? { ...state, spoke: true } : state;
    case "joined":
      if (state.at !== "joining") return state;
      return {
        ...memory,
        at: input.resumed ? "catching-up" : "live",
        transport: state.transport,
        since: input.now,
      };
    case "caught-up":
      return state.at === "catching-up" || state.at === "stale" ? { ...state, at: "live" } : state;
    case "stale":
      return state.at === "catching-up" || state.at === "live" ? { ...state, at: "stale" } : state;
    case "ended":
      return state.at === "waiting" ? state : ended(state, input);
    case "seen":
      if (state.at !== "waiting" || state.named) return state;
      return { ...memory, failures: 0, at: "token", fresh: state.fresh, token: undefined };
    case "online":
      return next(silences ? { ...state, silences: 0 } : state, { type: "seen" });
    case "connect":
      return state;
  }
}

/** Says whether and when there is another attempt. */
function ended(state: State, { end, now, chance, online }: Input & { type: "ended" }): State {
  let { silences } = state;
  if (end.code < 4000 && (hasJoined(state) || state.at === "joining")) {
    // WebSocket again after a stream that did not begin, as the server is
    // rather down than the one blocked and the other not.
    if (state.at === "joining" && !state.spoke) silences = state.transport === "sse" ? maxSilent - 1 : silences + 1;
    else if (state.transport === "websocket") silences = 0;
  }
  // What the server says may be anything.
  const hint = end.retryIn! >= 0 ? Math.min(end.retryIn!, longestTimer) : undefined;
  const good = hasJoined(state) && (hint !== undefined || now - state.since >= goodTime);
  const failures = good ? 0 : state.failures + 1;
  const { code, reason } = end;
  const after = { can: state.can, failures, silences, code, reason };
  if (!comesBack(code)) return { ...after, at: "closed" };
  const bound = online ? firstPause * 2 ** Math.max(failures - 1, 0) : longestPause;
  return {
    ...after,
    at: "waiting",
    retryIn: hint ?? Math.floor(chance * Math.min(longestPause, bound)),
    named: hint !== undefined,
    fresh: code === codeOf("token-expired"),
  };
}
