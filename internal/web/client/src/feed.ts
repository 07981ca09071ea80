import { baseOf, type Connection, type End, longestTimer, now, type Open, patience } from "./connection.js";
import { consoleLog, createHandlers } from "./handlers.js";
import type { Feed, FeedOptions, FeedState, FeedStatus } from "./options.js";
import { covers, filterOf, isPattern, meet } from "./filter.js";
import { createPlace } from "./place.js";
import { openEventSource, openFetch } from "./sse.js";
import { openWebSocket } from "./websocket.js";
import { explain } from "./explain.js";
import { tenantsOf } from "./token.js";
import { codeOf, comesBack, lost, patternOf, type ServerMessage } from "./wire.js";

/** Milliseconds: the first pause is below the one, none is above the other. */
const firstPause = 1_000;
const longestPause = 30_000;
/** A connection that lasted so long was a good one, as was one that ended with a word on when to come back. */
const goodTime = 10_000;
/** Nothing for so long after joining: everything that was missed has come. */
const quietTime = 250;
/** An event younger than this by the clock of this machine is no missed one. */
const youngAge = 1_000;
/** The pause before getToken is asked again for a fresh token. */
const tokenPause = 5_000;
/** How long less is wanted before less is asked for: parts of a page come and go. */
const narrowPause = 1_000;
/** Attempts without a word of the server after which WebSocket is taken for blocked. */
const maxSilent = 2;

type Timer = ReturnType<typeof setTimeout> | undefined;
type Transport = "websocket" | "sse";

/** Makes a feed of one tenant. It does nothing until connect. */
export function createFeed(options: FeedOptions): Feed {
  const { events, heartbeat, getToken } = options;
  for (const name of ["getToken", "onReset"] as const)
    if (typeof options[name] !== "function") throw new TypeError(`rowcast: createFeed needs ${name}, a function`);
  const log = options.log ?? consoleLog;
  let tenantId = options.tenantId === undefined ? undefined : String(options.tenantId);
  let base = baseOf(options.url);
  if (heartbeat !== undefined && !(typeof heartbeat === "number" && heartbeat >= 1 && heartbeat <= longestTimer))
    throw new RangeError(
      `rowcast: heartbeat is ${String(heartbeat)}; give a number of milliseconds from 1 to ${longestTimer}, or leave it out`,
    );
  const handlers = createHandlers(log);
  const listeners = createHandlers(log);
  const place = createPlace(options.cursor);
  listeners.on("reset", options.onReset);

  const WebSocket = options.WebSocket === undefined ? globalThis.WebSocket : options.WebSocket;
  const fetch = options.fetch ?? globalThis.fetch?.bind(globalThis);
  const open: Partial<Record<Transport, Open>> = {};
  if (WebSocket) open.websocket = openWebSocket(WebSocket);
  if (fetch)
    open.sse = options.EventSource ? openEventSource(options.EventSource, fetch, handlers.names) : openFetch(fetch);
  if (!open.websocket && !open.sse)
    throw new Error("rowcast: there is no WebSocket here; give createFeed one, or fetch");

  let status: FeedStatus;
  const set = (state: FeedState, more: Pick<FeedStatus, "code" | "reason" | "retryIn"> = {}) => {
    if (status?.state === state && state !== "connecting") return;
    status = {
      ...more,
      state,
      transport: connection && transport,
      get cursor() {
        return place.cursor;
      },
      get position() {
        return place.position;
      },
    };
    listeners.call("status", status);
  };

  // What getToken answers counts only while its attempt lasts. Connections say
  // nothing after they were closed.
  let attempt = 0;
  let connection: Connection | undefined;
  let transport: Transport | undefined;
  let timer: Timer; // of the attempt: the retry, getToken, or being quiet
  let tokenTimer: Timer;
  let token = ""; // the one shown last
  let failures = 0;
  let silences = 0;
  let spoke = false;
  let explained = false;
  let joinedAt: number | undefined; // undefined: not joined
  let moved = false;
  let hinted = false;
  // The filter that was asked for last. Until that is answered nothing counts, as
  // it comes again: the answer continues from where the stream is.
  let asked: readonly string[] | undefined;
  let asking = false;
  let askTimer: Timer;
  let hint: string | undefined;
  set("idle");

  const wanted = (): typeof asked => events ?? filterOf(handlers.names());

  const drop = () => {
    attempt++;
    clearTimeout(timer);
    clearTimeout(tokenTimer);
    clearTimeout(askTimer);
    askTimer = undefined;
    connection?.close();
    connection = undefined;
    joinedAt = undefined;
  };
  const finish = (state: "idle" | "closed", why?: Pick<End, "code" | "reason">) => {
    drop();
    watchPage(false);
    set(state, why);
  };

  /** Begins an attempt: asks for a token unless it has one, then connects. */
  const begin = async (fresh: boolean, given?: string) => {
    drop();
    const mine = attempt;
    const current = () => mine === attempt;
    spoke = hinted = false;
    transport = undefined;
    set("connecting");
    if (!given) {
      timer = setTimeout(() => ended({ code: lost, reason: "getToken takes too long" }), patience);
      try {
        const answer = await getToken(fresh);
        if (!current()) return;
        clearTimeout(timer);
        if (!answer) return finish("closed", { code: codeOf("invalid-token"), reason: "there is no token" });
        given = answer;
      } catch (error) {
        if (!current()) return;
        log("warn", "getToken failed", error);
        return ended({ code: lost, reason: "getToken failed" });
      }
    }
    token = given;
    let tenant = tenantId;
    if (tenant === undefined) {
      const named = tenantsOf(token);
      tenant = named[0];
      if (tenant === undefined || named.length > 1) {
        const reason = `the token names ${named.length} tenants; give createFeed a tenantId`;
        log("error", reason);
        return finish("closed", { code: codeOf("bad-request"), reason });
      }
    }
    transport = open.websocket && (silences < maxSilent || !open.sse) ? "websocket" : "sse";
    start(tenant);
  };

  const start = (tenant: string) => {
    asking = true;
    asked = wanted();
    try {
      connection = open[transport!]!({
        base: base!,
        token,
        tenantId: tenant,
        events: asked,
        heartbeat,
        log,
        cursor: place.cursor,
        message: receive,
        end: ended,
      });
    } catch (error) {
      log("error", "cannot connect", error);
      ended({ code: lost, reason: String(error) });
    }
  };

  /** Asks for what is wanted now, from where the stream is. */
  const ask = () => {
    if (!connection!.join) {
      connection!.close();
      return start(tenantId!);
    }
    asking = true;
    connection!.join((asked = wanted()), place.cursor);
  };

  /** Handlers have come or gone. More is asked for at once, for all that come in one go together. */
  const look = () => {
    if (joinedAt === undefined || asking) return; // the answer looks
    const mine = attempt;
    if (!covers(asked, wanted())) {
      asking = true;
      queueMicrotask(() => mine === attempt && ask());
    } else if (connection?.join && String(asked) !== String(wanted()))
      askTimer ??= setTimeout(() => {
        askTimer = undefined;
        if (!asking && String(asked) !== String(wanted())) ask();
      }, narrowPause);
  };

  /** A connection is over: says whether and when there is another. */
  const ended = (end: End) => {
    if (transport && end.code < 4000) {
      // WebSocket again after a stream that did not begin, as the server is
      // rather down than the one blocked and the other not.
      if (!spoke) silences = transport === "sse" ? maxSilent - 1 : silences + 1;
      else if (transport === "websocket") silences = 0;
      if (!spoke && !explained && fetch) {
        explained = true;
        void explain(base!, fetch).then((why) => log("warn", why, end));
      }
    }
    // What the server says may be anything.
    const hint = end.retryIn! >= 0 ? Math.min(end.retryIn!, longestTimer) : undefined;
    const good = joinedAt !== undefined && (hint !== undefined || now() - joinedAt >= goodTime);
    failures = good ? 0 : failures + 1;
    if (!comesBack(end.code)) return finish("closed", { code: end.code, reason: end.reason });
    drop();
    hinted = hint !== undefined;
    const bound = globalThis.navigator?.onLine === false ? longestPause : firstPause * 2 ** Math.max(failures - 1, 0);
    const retryIn = hint ?? Math.floor(Math.random() * Math.min(longestPause, bound));
    const fresh = end.code === codeOf("token-expired");
    timer = setTimeout(() => void begin(fresh), retryIn);
    set("connecting", { code: end.code, reason: end.reason, retryIn });
  };

  /** Gets a fresh token and shows it, again and again if it has to. */
  const refresh = async () => {
    const mine = attempt;
    const next = await Promise.resolve(true)
      .then(getToken)
      .catch((error) => log("warn", "getToken failed", error));
    if (mine !== attempt) return;
    if (!next || next === token) tokenTimer = setTimeout(() => void refresh(), tokenPause);
    else if (!connection?.auth) void begin(true, next);
    else connection.auth((token = next));
  };

  const caughtUp = () => {
    clearTimeout(timer);
    set("live");
  };
  const awaitQuiet = () => {
    moved = false;
    timer = setTimeout(() => (moved || asking ? awaitQuiet() : caughtUp()), quietTime);
  };

  const receive = (m: ServerMessage) => {
    spoke = true;
    // A connection asks for one tenant, so an answer is about that, whatever name it
    // gives: the server tells the one that the database writes.
    if (m.type === "joined") tenantId = m.tenantId;
    else if (m.type !== "error" && "tenantId" in m && m.tenantId !== tenantId) return;
    if (asking && (m.type === "event" || m.type === "reset")) return;
    switch (m.type) {
      case "joined":
        asking = explained = false;
        if (m.hint && m.hint !== hint) log("warn", m.hint, m);
        hint = m.hint;
        if (joinedAt !== undefined) return look();
        joinedAt = now();
        // When the stream cannot continue, this is where it goes on after the
        // reset. The cursor stays until that is here, lest it be lost.
        if (place.cursor) {
          set("catching-up");
          awaitQuiet();
        } else {
          place.moveTo(m.cursor, m.position);
          set("live");
        }
        look();
        break;
      case "event":
        if (!place.admit(m)) return log("debug", "an event came twice", m);
        moved = true;
        if (status.state !== "live" && (status.state === "stale" || Date.now() - Date.parse(m.at) < youngAge))
          caughtUp();
        const [named, stem, all] = [m.event, patternOf(m.event), "*"].map(handlers.of);
        named!(m.data, m);
        stem!(m.data, m);
        all!(m);
        break;
      case "progress":
        if (!asking) place.advance(m.cursor, m.position);
        caughtUp();
        break;
      case "reset":
        place.moveTo(m.cursor, m.position);
        caughtUp();
        listeners.call("reset", { reason: m.reason, cursor: m.cursor, position: m.position });
        break;
      case "token-expiring":
        void refresh();
        break;
      case "error":
        refused(m);
    }
  };

  const refused = (m: ServerMessage & { type: "error" }) => {
    if (m.code === "stale") {
      if (joinedAt === undefined) return;
      clearTimeout(timer);
      return set("stale");
    }
    log("warn", `the server refused ${m.request ?? "something"}: ${m.message}`, m);
    const end = { code: codeOf(m.code), reason: m.message };
    if (m.request === "join-tenant" || (m.request === "auth" && m.tenantId)) ended(end);
    else if (m.request !== "auth" || joinedAt === undefined) return;
    // A fresh token was refused. That of another subject needs another
    // connection, and one that cannot be checked yet is shown again; for others
    // the server ends this one when its time has come.
    else if (m.code === "forbidden") void begin(false);
    else if (m.code === "unavailable") {
      token = "";
      tokenTimer = setTimeout(() => void refresh(), tokenPause);
    }
  };

  /** The page is seen again, or the network went or came: no time to lose, unless the server named one. */
  const wake = (event: Event) => {
    if (event.type === "visibilitychange" && document.visibilityState !== "visible") return;
    if (event.type === "online") silences = 0;
    if (connection) connection.probe();
    else if (event.type !== "offline" && status.retryIn !== undefined && !hinted) {
      failures = 0;
      void begin(false);
    }
  };
  const watchPage = (on: boolean) => {
    const change = on ? "addEventListener" : "removeEventListener";
    globalThis.window?.[change]?.("online", wake);
    globalThis.window?.[change]?.("offline", wake);
    globalThis.document?.[change]?.("visibilitychange", wake);
  };

  const connected = () => joinedAt !== undefined;
  return {
    get tenantId() {
      return tenantId;
    },
    get status() {
      return status;
    },
    get connected() {
      return connected();
    },
    connect() {
      if (status.state !== "idle" && status.state !== "closed") return;
      base ??= baseOf(options.url);
      if (!base)
        throw new Error(
          `rowcast: there is no page that ${options.url} could belong to; give url the address of the server`,
        );
      failures = silences = 0;
      explained = false;
      watchPage(true);
      void begin(false);
    },
    close() {
      if (status.state !== "idle") finish("idle");
    },
    onStatus: (listener) => listeners.on("status", listener),
    onReset: (listener) => listeners.on("reset", listener),
    on(name: string, handler: (...args: any[]) => unknown) {
      if (!isPattern(name)) log("warn", `no event is called ${name}: say order:created, order:* or *`);
      else if (events?.every((pattern) => !meet(pattern, name)))
        log("warn", `${name} never comes: the feed was made for the events ${events.join(", ")}`);
      connection?.listen?.(name);
      const off = handlers.on(name, handler);
      look();
      return () => {
        off();
        look();
      };
    },
    off(name, handler) {
      handlers.off(name, handler);
      look();
    },
  };
}
