import { vi } from "vitest";
import { createFeed, type Feed, type FeedOptions, type FeedStatus, type Reset } from "../src/index.js";

/** A WebSocket whose server is the test. */
export class ScriptSocket {
  static made: ScriptSocket[] = [];
  static get last(): ScriptSocket {
    const socket = ScriptSocket.made.at(-1);
    if (!socket) throw new Error("no socket was made");
    return socket;
  }

  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  sent: any[] = [];
  closed = false;

  constructor(
    readonly url: string,
    readonly protocols?: string[],
  ) {
    ScriptSocket.made.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }

  open(): this {
    this.onopen?.({});
    return this;
  }
  say(...messages: object[]): this {
    for (const m of messages) this.onmessage?.({ data: JSON.stringify(m) });
    return this;
  }
  welcome(pingInterval = 25_000, pingTimeout = 20_000): this {
    return this.open().say({ type: "welcome", protocol: 1, pingInterval, pingTimeout });
  }
  joined(cursor = "c0", position = 0): this {
    return this.say({ type: "joined", tenantId: "T", cursor, position });
  }
  end(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

export const change = (position: number, event = "order:created", more: object = {}) => ({
  type: "event",
  event,
  tenantId: "T",
  position,
  cursor: `c${position}`,
  at: new Date().toISOString(),
  data: { n: position },
  ...more,
});

export interface Bench {
  feed: Feed;
  states: FeedStatus[];
  resets: Reset[];
  logged: [string, string, unknown?][];
  getToken: ReturnType<typeof vi.fn>;
}

/** A feed on script sockets. */
export function bench(options: Partial<FeedOptions> = {}): Bench {
  ScriptSocket.made = [];
  const states: FeedStatus[] = [];
  const resets: Reset[] = [];
  const logged: Bench["logged"] = [];
  let tokens = 0;
  const getToken = vi.fn((): any => `token${++tokens}`);
  const feed = createFeed({
    url: "https://feed.test",
    tenantId: "T",
    getToken,
    onReset: (reset) => void resets.push(reset),
    WebSocket: ScriptSocket,
    log: (...entry) => void logged.push(entry),
    ...options,
  });
  feed.onStatus((status) => states.push(status));
  return { feed, states, resets, logged, getToken };
}

/** Lets promises go on. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** Connects and joins. */
export async function live(b: Bench): Promise<ScriptSocket> {
  b.feed.connect();
  await settle();
  return ScriptSocket.last.welcome().joined();
}
