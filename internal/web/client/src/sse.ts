import { type Connection, createWatch, type End, type Open, answerTimeout, silent, type Start } from "./connection.js";
import { eventNames } from "./events.gen.js";
import { codeOf, lost, type ServerMessage } from "./wire.js";

/** The part of EventSource that is used. */
export interface EventSourceLike {
  onerror: ((event: any) => void) | null;
  addEventListener(name: string, listener: (event: any) => void): void;
  close(): void;
}

export type EventSourceClass = new (url: string) => EventSourceLike;

/** The server sends a comment every 15 s, which EventSource hides, and progress every 60 s. */
const commentTime = 20_000;
const commentLimit = 45_000;
const progressLimit = 150_000;

const signals = ["joined", "progress", "reset", "stale", "token-expiring", "closed"];

const verbs = ["created", "updated", "deleted", "bulk", "truncated", "replayed", "unreadable"];
/** The names that a pattern may stand for. */
const namesOf = (pattern: string): string[] => {
  const stem = pattern.slice(0, -1);
  return [...eventNames.filter((name) => name.startsWith(stem)), ...verbs.map((verb) => stem + verb)];
};

const address = (start: Start, cursor: string | undefined, ticket?: string): string => {
  const query = new URLSearchParams({ tenant: start.tenantId });
  for (const pattern of start.events ?? []) query.append("events", pattern);
  if (start.where) query.set("where", JSON.stringify(start.where));
  if (cursor) query.set("cursor", cursor);
  if (ticket) query.set("ticket", ticket);
  return `${start.base}/events?${query}`;
};

/** What is common to both ways to read a stream. `anew` asks for it without a cursor. */
function receiver(start: Start, stop: () => void, anew: () => Promise<void>) {
  let retryIn: number | undefined;
  let over = false;
  /** Why the stream began without the cursor: what follows joined. */
  let reset: { reason: string; retryAfter: number | undefined } | undefined;
  const close = () => {
    over = true;
    watch.stop();
    stop();
  };
  const end = (e: End) => {
    if (over) return;
    close();
    start.end(e);
  };
  const watch = createWatch(answerTimeout, () => end(silent));
  return {
    watch,
    close,
    end,
    fail: (error: unknown) => end({ code: lost, reason: String(error) }),
    /** Takes what a request was refused with. If the cursor alone is to blame, the stream begins without one. */
    async refused(response: Response) {
      const problem = await response.json().catch(() => ({}));
      const after = Number(response.headers.get("Retry-After"));
      const retryIn = after > 0 ? after * 1000 : undefined;
      if (over) return;
      if (response.status === 410 && !reset) {
        reset = { reason: problem.code ?? "expired", retryAfter: retryIn };
        return anew();
      }
      const reason = problem.detail ?? `${response.url.split("?")[0]} answers ${response.status}`;
      end({ code: codeOf(problem.code), reason, retryIn });
    },
    retry: (ms: number) => void (retryIn = ms),
    data(text: string) {
      if (over) return;
      let message: ServerMessage;
      try {
        message = JSON.parse(text);
      } catch {
        return end({ code: lost, reason: "the server sent what is no message" });
      }
      if (message.type === "closed") return end({ ...message, retryIn });
      start.message(message);
      if (message.type !== "joined" || !reset || over) return;
      const { tenantId, cursor, position } = message;
      start.message({ type: "reset", tenantId, cursor, position, ...reset });
      reset = undefined;
    },
  };
}

/**
 * Server-Sent Events through fetch: the token goes into a header, every event
 * is seen whatever its name, and a refusal says why.
 */
export const openFetch =
  (fetch: typeof globalThis.fetch): Open =>
  (start): Connection => {
    const abort = new AbortController();
    const headers = { Authorization: `Bearer ${start.token}`, Accept: "text/event-stream" };

    /** Reads the lines of a block. The first field of the stream alone says after how long to retry a lost connection. */
    const block = (text: string, first: boolean) => {
      const data: string[] = [];
      for (const line of text.split("\n")) {
        const [, name, value = ""] = /^(data|retry)(?:: ?(.*))?$/.exec(line) ?? [];
        if (name === "data") data.push(value);
        if (name === "retry" && !first) r.retry(Number(value));
      }
      if (data.length) r.data(data.join("\n"));
    };

    const read = async (cursor?: string) => {
      const response = await fetch(address(start, cursor), { headers, cache: "no-store", signal: abort.signal });
      if (!response.ok || !response.body) return r.refused(response);
      r.watch.limit(start.heartbeat ?? commentLimit);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let first = true; ;) {
        const { done, value } = await reader.read();
        if (done) return r.end({ code: lost, reason: "the stream ended" });
        r.watch.heard();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        for (const text of blocks) {
          block(text, first);
          first = false;
        }
      }
    };
    const r = receiver(start, () => abort.abort(), read);
    read(start.cursor).catch(r.fail);
    return { close: r.close, probe: () => r.watch.limitOnce(commentTime) };
  };

/**
 * Server-Sent Events through EventSource, with a ticket, as it sends no
 * headers. It hears events of the names it knows alone: those of the catalogue
 * and those that somebody listens to.
 */
export const openEventSource =
  (EventSource: EventSourceClass, fetch: typeof globalThis.fetch, names: () => Iterable<string>): Open =>
  (start): Connection => {
    let source: EventSourceLike | undefined;
    const abort = new AbortController();
    const known = new Set<string>();
    const listen = (name: string): void => {
      if (name.endsWith(":*")) return namesOf(name).forEach(listen);
      if (!source || known.has(name)) return;
      known.add(name);
      source.addEventListener(name, ({ data }) => {
        r.watch.heard();
        r.data(data);
      });
    };
    const headers = { Authorization: `Bearer ${start.token}` };
    /** EventSource does not tell why a stream does not begin. */
    const lookUp = async (cursor?: string) => {
      const response = await fetch(address(start, cursor), { headers, cache: "no-store", signal: abort.signal });
      if (!response.ok) return r.refused(response);
      r.end({ code: lost, reason: "the stream did not begin" });
    };
    const begin = async (cursor?: string) => {
      const response = await fetch(`${start.base}/tickets`, { method: "POST", headers, signal: abort.signal });
      if (!response.ok) return r.refused(response);
      const { ticket } = await response.json();
      r.watch.heard();
      // A ticket is good once, so the source cannot come back by itself.
      source = new EventSource(address(start, cursor, ticket));
      known.clear();
      let began = false;
      source.onerror = () => {
        source!.close();
        if (began) r.end({ code: lost, reason: "the stream ended" });
        else lookUp(cursor).catch(r.fail);
      };
      source.addEventListener("open", () => {
        began = true;
        r.watch.limit(start.heartbeat ?? progressLimit);
      });
      for (const name of [...signals, ...eventNames, ...names(), ...(start.events ?? [])]) listen(name);
    };
    const stop = () => {
      abort.abort();
      source?.close();
    };
    const r = receiver(start, stop, begin);
    begin(start.cursor).catch(r.fail);
    return { close: r.close, listen, probe() {} };
  };
