import { createAsking } from "./asking.js";
import { baseOf, type Connection, type End, longestTimer, now, type Open, answerTimeout } from "./connection.js";
import { consoleLog, createHandlers } from "./handlers.js";
import type { Feed, FeedOptions, FeedStatus, RowsOptions } from "./options.js";
import { filterOf, isPattern, meet } from "./filter.js";
import { begin, hasJoined, type Input, nameOf, next, type State, type Transport } from "./machine.js";
import { trackCursor, type Tracker } from "./cursor.js";
import { createLists } from "./lists.js";
import { createReload } from "./reload.js";
import type { RowList } from "./rows.js";
import { openEventSource, openFetch } from "./sse.js";
import { openWebSocket } from "./websocket.js";
import { explain } from "./explain.js";
import type { AnyTables, Known } from "./tables.js";
import { tenantsOf } from "./token.js";
import { createViews, type Views } from "./views.js";
import { codeOf, lost, patternOf, type ServerMessage } from "./wire.js";

/** Nothing for so long after joining: everything that was missed has come. */
const quietTime = 250;
/** An event younger than this by the clock of this machine is no missed one. */
const youngAge = 1_000;
/** The pause before getToken is asked again for a fresh token. */
const tokenPause = 5_000;

type Timer = ReturnType<typeof setTimeout> | undefined;

/** Makes a feed of one tenant, for tables that `rowcast types` has written. It does nothing until connect. */
export function createFeed<T extends AnyTables = Known>(options: FeedOptions<NoInfer<T>>): Feed<T> {
  return openFeed<T>(options)[0];
}

/** Makes a feed, and the others beside it: for each filter that parts of the page have. */
export function openFeed<T extends AnyTables = Known>(options: FeedOptions<NoInfer<T>>): [feed: Feed<T>, views: Views] {
  const { events, where, heartbeat, getToken } = options;
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
  const tracker = trackCursor(options.cursor);
  listeners.on("reset", options.onReset);
  const reload = createReload((reset) => listeners.call("reset", reset));

  const WebSocket = options.WebSocket === undefined ? globalThis.WebSocket : options.WebSocket;
  const fetch = options.fetch ?? globalThis.fetch?.bind(globalThis);
  const open: Partial<Record<Transport, Open>> = {};
  if (WebSocket) open.websocket = openWebSocket(WebSocket);
  if (fetch)
    open.sse = options.EventSource ? openEventSource(options.EventSource, fetch, handlers.names) : openFetch(fetch);
  if (!open.websocket && !open.sse)
    throw new Error("rowcast: there is no WebSocket here; give createFeed one, or fetch");

  // What getToken answers counts only while its attempt lasts. Connections say
  // nothing after they were closed.
  let attempt = 0;
  let connection: Connection | undefined;
  let timer: Timer; // of the state: a pause, getToken, or being quiet
  let tokenTimer: Timer;
  let token = ""; // the one shown last
  let explained = false;
  let moved = false;
  let hint: string | undefined;
  let state = begin({ websocket: !!open.websocket, sse: !!open.sse });
  let entries = 0;
  let status = statusOf(state, tracker);

  /** Everything that changes the state comes by here. What belongs to the state before ends first. */
  const step = (input: Input) => {
    const { at } = state;
    state = next(state, input);
    if (state.at === at) return;
    const mine = ++entries;
    clearTimeout(timer);
    if (!hasJoined(state) && state.at !== "joining") drop();
    if (state.at === "idle" || state.at === "closed") {
      watchPage(false);
      reload.pause();
    }
    if (state.at !== "joining") {
      status = statusOf(state, tracker);
      listeners.call("status", status);
    }
    if (mine === entries) enter(); // no listener has led elsewhere
  };

  /** Begins what belongs to the state. */
  const enter = () => {
    switch (state.at) {
      case "waiting": {
        const { fresh } = state;
        timer = setTimeout(() => step({ type: "again", fresh }), state.retryIn);
        break;
      }
      case "token":
        if (state.token) connect(state.token);
        else void askToken(state.fresh);
        reload.resume();
        break;
      case "joining":
        start();
        break;
      case "catching-up":
        awaitQuiet();
    }
  };

  const drop = () => {
    attempt++;
    clearTimeout(tokenTimer);
    asking.stop();
    connection?.close();
    connection = undefined;
  };

  /** The attempt is over. */
  const ended = (end: End) => {
    if (state.at === "joining" && !state.spoke && end.code < 4000 && !explained && fetch) {
      explained = true;
      void explain(base!, fetch).then((why) => log("warn", why, end));
    }
    const online = globalThis.navigator?.onLine !== false;
    step({ type: "ended", end, now: now(), chance: Math.random(), online });
  };

  const askToken = async (fresh: boolean) => {
    const mine = attempt;
    timer = setTimeout(() => ended({ code: lost, reason: "getToken takes too long" }), answerTimeout);
    try {
      const answer = await getToken(fresh);
      if (mine !== attempt) return;
      if (answer) connect(answer);
      else ended({ code: codeOf("invalid-token"), reason: "there is no token" });
    } catch (error) {
      if (mine !== attempt) return;
      log("warn", "getToken failed", error);
      ended({ code: lost, reason: "getToken failed" });
    }
  };

  const connect = (given: string) => {
    token = given;
    if (tenantId === undefined) {
      const named = tenantsOf(token);
      if (named.length !== 1) {
        const reason = `the token names ${named.length} tenants; give createFeed a tenantId`;
        log("error", reason);
        return ended({ code: codeOf("bad-request"), reason });
      }
    }
    step({ type: "token" });
  };

  const start = () => {
    if (state.at !== "joining" && !hasJoined(state)) return;
    try {
      connection = open[state.transport]!({
        base: base!,
        token,
        tenantId: tenantId ?? tenantsOf(token)[0]!,
        events: asking.begin(),
        where,
        heartbeat,
        log,
        cursor: tracker.cursor,
        message: receive,
        end: ended,
      });
    } catch (error) {
      log("error", "cannot connect", error);
      ended({ code: lost, reason: String(error) });
    }
  };

  const asking = createAsking(
    () => events ?? filterOf(handlers.names()),
    () => !!connection?.join,
    () => {
      if (connection!.join) return connection!.join(asking.begin(), tracker.cursor);
      connection!.close();
      start();
    },
  );

  /** Gets a fresh token and shows it, again and again if it has to. */
  const refresh = async () => {
    const mine = attempt;
    const next = await Promise.resolve(true)
      .then(getToken)
      .catch((error) => log("warn", "getToken failed", error));
    if (mine !== attempt) return;
    if (!next || next === token) tokenTimer = setTimeout(() => void refresh(), tokenPause);
    else if (!connection?.auth) step({ type: "again", fresh: true, token: next });
    else connection.auth((token = next));
  };

  const awaitQuiet = () => {
    moved = false;
    timer = setTimeout(() => (moved || asking.pending ? awaitQuiet() : step({ type: "caught-up" })), quietTime);
  };

  const receive = (m: ServerMessage) => {
    step({ type: "spoke" });
    // A connection asks for one tenant, so an answer is about that, whatever name it
    // gives: the server sends the one that the database writes.
    if (m.type === "joined") tenantId = m.tenantId;
    else if (m.type !== "error" && "tenantId" in m && m.tenantId !== tenantId) return;
    if (asking.pending && (m.type === "event" || m.type === "reset")) return;
    switch (m.type) {
      case "joined": {
        explained = false;
        asking.answered();
        if (m.hint && m.hint !== hint) log("warn", m.hint, m);
        hint = m.hint;
        // When the stream cannot continue, this is where it goes on after the
        // reset. The cursor stays until that is here, lest it be lost.
        const resumed = !!tracker.cursor;
        if (!resumed) tracker.moveTo(m.cursor, m.position);
        step({ type: "joined", resumed, now: now() });
        asking.look();
        break;
      }
      case "event":
        if (!tracker.admit(m)) return log("debug", "an event came twice", m);
        moved = true;
        if (state.at === "stale" || Date.now() - Date.parse(m.at) < youngAge) step({ type: "caught-up" });
        const [named, stem, all] = [m.event, patternOf(m.event), "*"].map(handlers.of);
        named!(m.data, m);
        stem!(m.data, m);
        all!(m);
        break;
      case "progress":
        if (!asking.pending) tracker.advance(m.cursor, m.position);
        step({ type: "caught-up" });
        break;
      case "reset":
        tracker.moveTo(m.cursor, m.position);
        step({ type: "caught-up" });
        reload.due({ reason: m.reason, cursor: m.cursor, position: m.position }, m.retryAfter);
        break;
      case "token-expiring":
        void refresh();
        break;
      case "error":
        refused(m);
    }
  };

  const refused = (m: ServerMessage & { type: "error" }) => {
    if (m.code === "stale") return step({ type: "stale" });
    log("warn", `the server refused ${m.request ?? "something"}: ${m.message}`, m);
    if (m.request === "join-tenant" || (m.request === "auth" && m.tenantId))
      return ended({ code: codeOf(m.code), reason: m.message });
    if (m.request !== "auth" || !hasJoined(state)) return;
    // A fresh token was refused. That of another subject needs another
    // connection, and one that cannot be checked yet is shown again; for others
    // the server ends this one when its time has come.
    if (m.code === "forbidden") step({ type: "again", fresh: false });
    else if (m.code === "unavailable") {
      token = "";
      tokenTimer = setTimeout(() => void refresh(), tokenPause);
    }
  };

  /** The page is seen again, or the network went or came: no time to lose, unless the server named one. */
  const wake = ({ type }: Event) => {
    if (type === "visibilitychange" && document.visibilityState !== "visible") return;
    connection?.probe();
    if (type !== "offline") step({ type: type === "online" ? "online" : "seen" });
  };
  const watchPage = (on: boolean) => {
    const change = on ? "addEventListener" : "removeEventListener";
    globalThis.window?.[change]?.("online", wake);
    globalThis.window?.[change]?.("offline", wake);
    globalThis.document?.[change]?.("visibilitychange", wake);
  };

  const feed: Feed<any> = {
    get tenantId() {
      return tenantId;
    },
    get status() {
      return status;
    },
    get connected() {
      return hasJoined(state);
    },
    connect() {
      if (state.at !== "idle" && state.at !== "closed") return;
      base ??= baseOf(options.url);
      if (!base)
        throw new Error(
          `rowcast: there is no page that ${options.url} could belong to; give url the address of the server`,
        );
      explained = false;
      watchPage(true);
      step({ type: "connect" });
    },
    close() {
      step({ type: "close" });
    },
    onStatus: (listener) => listeners.on("status", listener),
    onReset: (listener) => listeners.on("reset", listener),
    on(name: string, handler: (...args: any[]) => unknown) {
      if (!isPattern(name)) log("warn", `no event is called ${name}: say order:created, order:* or *`);
      else if (events?.every((pattern) => !meet(pattern, name)))
        log("warn", `${name} never comes: the feed was made for the events ${events.join(", ")}`);
      connection?.listen?.(name);
      const off = handlers.on(name, handler);
      asking.look();
      return () => {
        off();
        asking.look();
      };
    },
    off(name, handler) {
      handlers.off(name, handler);
      asking.look();
    },
    rows: (stem: string, options?: RowsOptions<any>): RowList<any> => rows(stem, options),
  };

  const views = createViews(feed, where, (where, cursor) =>
    createFeed({ ...options, where, cursor, events: undefined }),
  );
  const rows = createLists(feed, views, { ...options, log, fetch }, () => base!);
  return [feed, views];
}

/** The status of a state, with the cursor as it is whenever somebody looks. */
function statusOf(state: State, tracker: Tracker): FeedStatus {
  const { code, reason, retryIn, transport } = state as Partial<Record<keyof FeedStatus, any>>;
  return {
    ...(code === undefined ? {} : { code, reason }),
    ...(retryIn === undefined ? {} : { retryIn }),
    state: nameOf(state),
    transport,
    get cursor() {
      return tracker.cursor;
    },
    get position() {
      return tracker.position;
    },
  };
}
