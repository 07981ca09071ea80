import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bench, change, live, ScriptSocket, settle } from "./script.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("connecting", () => {
  it("does nothing until connect", async () => {
    const { feed, getToken } = bench();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(feed.status).toMatchObject({ state: "idle", cursor: undefined });
    expect(getToken).not.toHaveBeenCalled();
    expect(ScriptSocket.made).toHaveLength(0);
  });

  it.each([
    ["https://feed.test", "wss://feed.test/ws"],
    ["http://feed.test/", "ws://feed.test/ws"],
    ["wss://feed.test/ws", "wss://feed.test/ws"],
    ["https://feed.test/a/b/?q#h", "wss://feed.test/a/b/ws"],
  ])("takes %s for %s", async (url, want) => {
    const { feed } = bench({ url });
    feed.connect();
    await settle();
    expect(ScriptSocket.last.url).toBe(want);
    expect(ScriptSocket.last.protocols).toEqual(["rowcast.v1"]);
  });

  it("shows the token and joins at once, and is live when joined", async () => {
    const b = bench({ events: ["order:*"] });
    const socket = await live(b);
    expect(socket.sent).toEqual([
      { type: "auth", token: "token1" },
      { type: "join-tenant", tenantId: "T", events: ["order:*"] },
    ]);
    expect(b.states.map((s) => s.state)).toEqual(["connecting", "live"]);
    expect(b.feed.status).toMatchObject({ state: "live", transport: "websocket", cursor: "c0", position: 0 });
    expect(b.feed.connected).toBe(true);
  });

  it("connects once, however often it is asked to", async () => {
    const b = bench();
    b.feed.connect();
    b.feed.connect();
    await settle();
    ScriptSocket.last.welcome().joined();
    b.feed.connect();
    await settle();
    expect(ScriptSocket.made).toHaveLength(1);
    expect(b.getToken).toHaveBeenCalledTimes(1);
  });

  it("opens no socket when it was closed while the token was on its way", async () => {
    let answer = (_: string) => {};
    const b = bench({ getToken: () => new Promise<string>((resolve) => (answer = resolve)) });
    b.feed.connect();
    b.feed.close();
    answer("late");
    await settle();
    expect(ScriptSocket.made).toHaveLength(0);
    expect(b.feed.status.state).toBe("idle");
  });

  it("closes with 4501 when there is no token", async () => {
    const b = bench({ getToken: () => null });
    b.feed.connect();
    await settle();
    expect(b.feed.status).toMatchObject({ state: "closed", code: 4501, reason: "there is no token" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["fails", () => Promise.reject(new Error("offline"))],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["never answers", () => new Promise<string>(() => {})],
  ])("tries again when getToken %s", async (_, getToken) => {
    const ask = vi.fn(getToken);
    const b = bench({ getToken: ask });
    b.feed.connect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(b.states.some((s) => s.retryIn !== undefined && s.code === 1006)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ask.mock.calls.length).toBeGreaterThan(1);
  });

  it.each(["connecting", "live"])("leaves nothing behind when a listener closes it while it is %s", async (when) => {
    const b = bench();
    b.feed.onStatus(({ state }) => state === when && b.feed.close());
    b.feed.connect();
    await settle();
    ScriptSocket.made.at(-1)?.welcome().joined();
    expect(b.feed.status.state).toBe("idle");
    expect(vi.getTimerCount()).toBe(0);
    await settle();
    expect(ScriptSocket.made).toHaveLength(when === "live" ? 1 : 0);
  });

  it("leaves nothing behind after close", async () => {
    const b = bench();
    const socket = await live(b);
    socket.say(change(1));
    b.feed.close();
    expect(socket.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    const seen = vi.fn();
    b.feed.on("*", seen);
    socket.say(change(2));
    socket.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).not.toHaveBeenCalled();
    expect(ScriptSocket.made).toHaveLength(1);
    expect(b.feed.status).toMatchObject({ state: "idle", cursor: "c1" });
  });
});

describe("coming back", () => {
  it.each([
    ["three years", "99999999999"],
    ["more than a number holds", "9".repeat(400)],
  ])("waits as long as a timer can when asked for %s", async (_, ms) => {
    const b = bench({ fetch: undefined });
    (await live(b)).end(4001, `shutdown; retry=${ms}ms`);
    expect(b.feed.status.retryIn).toBe(2 ** 31 - 1);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(ScriptSocket.made).toHaveLength(1);
  });

  it("waits a random time below a bound that doubles up to 30 s", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const b = bench({ fetch: undefined });
    b.feed.connect();
    for (const bound of [1, 2, 4, 8, 16, 30, 30]) {
      await settle();
      ScriptSocket.last.welcome().end();
      expect(b.feed.status).toMatchObject({ state: "connecting", code: 1006, retryIn: Math.floor(bound * 999) });
      const made = ScriptSocket.made.length;
      await vi.advanceTimersByTimeAsync(bound * 999 - 1);
      expect(ScriptSocket.made).toHaveLength(made);
      await vi.advanceTimersByTimeAsync(1);
      expect(ScriptSocket.made).toHaveLength(made + 1);
    }
    vi.mocked(Math.random).mockReturnValue(0);
    ScriptSocket.last.welcome().end();
    expect(b.feed.status.retryIn).toBe(0);
  });

  it("begins with the first bound again after a connection that lasted, not after one that did not", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const b = bench();
    (await live(b)).end();
    expect(b.feed.status.retryIn).toBe(500);
    await vi.advanceTimersByTimeAsync(500);
    ScriptSocket.last.welcome().joined().end();
    expect(b.feed.status.retryIn).toBe(1000);
    await vi.advanceTimersByTimeAsync(1000);
    ScriptSocket.last.welcome().joined();
    await vi.advanceTimersByTimeAsync(10_000);
    ScriptSocket.last.end();
    expect(b.feed.status.retryIn).toBe(500);
    await vi.advanceTimersByTimeAsync(500);
    ScriptSocket.last.end();
    await vi.advanceTimersByTimeAsync(1000);
    ScriptSocket.last.welcome().joined().end(4001, "shutdown; retry=7ms");
    await vi.advanceTimersByTimeAsync(7);
    ScriptSocket.last.end();
    expect(b.feed.status.retryIn).toBe(500);
  });

  it("waits as long as the server says", async () => {
    const b = bench();
    (await live(b)).end(4001, "shutdown; retry=1234ms");
    expect(b.feed.status).toMatchObject({ state: "connecting", code: 4001, retryIn: 1234 });
    await vi.advanceTimersByTimeAsync(1233);
    expect(ScriptSocket.made).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ScriptSocket.made).toHaveLength(2);
  });

  const back = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4003, 4005, 4006, 4499];
  const final = [1002, 1003, 1007, 1009, 4500, 4501, 4502, 4503, 4504, 4505, 4999];
  it.each(back)("comes back after %i, with a new token and the cursor", async (code) => {
    const b = bench();
    (await live(b)).say(change(7)).end(code);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ScriptSocket.made).toHaveLength(2);
    const socket = ScriptSocket.last.open();
    expect(socket.sent[0]).toEqual({ type: "auth", token: "token2" });
    expect(socket.sent[1]).toMatchObject({ cursor: "c7" });
    expect(b.getToken).toHaveBeenLastCalledWith(code === 4003);
  });
  it.each(final)("stays away after %i, until connect", async (code) => {
    const b = bench();
    (await live(b)).say(change(7)).end(code, "why");
    expect(b.feed.status).toMatchObject({ state: "closed", code, reason: "why", cursor: "c7" });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(ScriptSocket.made).toHaveLength(1);
    b.feed.connect();
    await settle();
    expect(ScriptSocket.last.open().sent[1]).toMatchObject({ cursor: "c7" });
  });

  it.each([
    ["forbidden", 4502],
    ["bad-request", 4500],
    ["limit-exceeded", 4504],
  ])("closes when joining is refused as %s", async (code, want) => {
    const b = bench();
    b.feed.connect();
    await settle();
    const socket = ScriptSocket.last
      .welcome()
      .say({ type: "error", code, message: "no", request: "join-tenant", tenantId: "T" });
    expect(b.feed.status).toMatchObject({ state: "closed", code: want, reason: "no" });
    expect(socket.closed).toBe(true);
  });

  it.each([128, 0])("closes when a refusal names %i bytes of its tenant", async (named) => {
    const tenantId = "t".repeat(200);
    const b = bench({ tenantId });
    b.feed.connect();
    await settle();
    const refusal = { type: "error", code: "forbidden", message: "no", request: "join-tenant" };
    ScriptSocket.last.welcome().say(named ? { ...refusal, tenantId: tenantId.slice(0, named) } : refusal);
    expect(b.feed.status).toMatchObject({ state: "closed", code: 4502 });
  });

  it("comes back when a message is none, as an event may be lost", async () => {
    const b = bench();
    (await live(b)).onmessage!({ data: "{" });
    expect(b.feed.status).toMatchObject({ state: "connecting", code: 1006 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ScriptSocket.made).toHaveLength(2);
  });

  it("ignores what it does not know", async () => {
    const b = bench();
    (await live(b)).say(
      { type: "news" },
      { ...change(1), tenantId: "U" },
      { type: "error", code: "rate-limited", message: "slow down" },
    );
    expect(b.feed.status).toMatchObject({ state: "live", cursor: "c0" });
  });
});

describe("heartbeats", () => {
  it("answers pings", async () => {
    const socket = await live(bench());
    socket.say({ type: "ping" });
    expect(socket.sent.at(-1)).toEqual({ type: "pong" });
  });

  it.each([
    ["as announced", undefined, 45_000],
    ["as configured", 3_000, 3_000],
  ])("takes a silent server for dead, %s", async (_, heartbeat, limit) => {
    const b = bench({ heartbeat });
    const socket = await live(b);
    await vi.advanceTimersByTimeAsync(limit - 1_000);
    socket.say({ type: "ping" });
    await vi.advanceTimersByTimeAsync(limit - 1);
    expect(b.feed.status.state).toBe("live");
    await vi.advanceTimersByTimeAsync(1);
    expect(b.feed.status).toMatchObject({ state: "connecting", reason: "the server is silent" });
    expect(socket.closed).toBe(true);
  });

  it.each([Infinity, -Infinity, NaN, 0, -1, 0.5, 2 ** 31, "30000", null] as number[])(
    "refuses to be configured as %s",
    (heartbeat) => {
      expect(() => bench({ heartbeat })).toThrow(/heartbeat is .*; give a number of milliseconds from 1 to 2147483647/);
    },
  );

  it.each([1, 45_000.5, 2 ** 31 - 1])("may be configured as %s", (heartbeat) => {
    expect(() => bench({ heartbeat })).not.toThrow();
  });

  it.each([
    ["the longest that may be configured", { heartbeat: 2 ** 31 - 1 }, 25_000, 20_000],
    ["longer than a timer takes", {}, 2 ** 31, 2 ** 31],
    ["without end", {}, Infinity, 1],
    ["none", {}, undefined, undefined],
    ["nonsense", {}, NaN, "soon"],
    ["negative", {}, -5, -5],
  ])("do not keep the machine busy: %s", async (_, options, pingInterval, pingTimeout) => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const b = bench(options);
    b.feed.connect();
    await settle();
    const socket = ScriptSocket.last.open();
    // As an object, as JSON has neither Infinity nor NaN, and whatever says them may.
    vi.spyOn(JSON, "parse").mockReturnValueOnce({ type: "welcome", protocol: 1, pingInterval, pingTimeout });
    socket.say({}).joined();
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      socket.say({ type: "ping" });
    }
    expect(b.feed.status.state).toBe("live");
    expect(timers.mock.calls.length).toBeLessThan(30);
  });

  it.each([
    ["forward", 86_400_000],
    ["back", -86_400_000],
  ])("do not mind when the clock is set %s", async (_, step) => {
    const b = bench();
    const socket = await live(b);
    vi.setSystemTime(Date.now() + step);
    await vi.advanceTimersByTimeAsync(44_999);
    expect(b.feed.status.state).toBe("live");
    socket.say({ type: "ping" });
    vi.setSystemTime(Date.now() + step);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(b.feed.status).toMatchObject({ state: "connecting", reason: "the server is silent" });
  });

  it("gives up a connection that gets no welcome within 10 s", async () => {
    const b = bench();
    b.feed.connect();
    await settle();
    ScriptSocket.last.open();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(b.feed.status.retryIn).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(b.feed.status.retryIn).toBeDefined();
  });
});

describe("events", () => {
  it("come with data and event to those who want them, in order", async () => {
    const b = bench();
    const seen: unknown[] = [];
    b.feed.on("order:created", (order, event) => seen.push(["created", order.id, event.position]));
    b.feed.on("*", (event) => seen.push(["*", event.event, event.position]));
    const off = b.feed.on("shop:created", (row) => seen.push(["shop", row.n]));
    const socket = await live(b);
    socket.say(change(1, "order:created", { data: { id: "A" } }), change(2, "shop:created"));
    off();
    socket.say(change(3, "shop:created"));
    expect(seen).toEqual([
      ["created", "A", 1],
      ["*", "order:created", 1],
      ["shop", 2],
      ["*", "shop:created", 2],
      ["*", "shop:created", 3],
    ]);
  });

  it("reach every handler though one fails, which is reported", async () => {
    const b = bench();
    const seen = vi.fn();
    b.feed.on("order:created", () => {
      throw new Error("one");
    });
    b.feed.on("order:created", async () => {
      throw new Error("two");
    });
    b.feed.on("order:created", seen);
    b.feed.onStatus(() => {
      throw new Error("three");
    });
    const socket = await live(b);
    socket.say(change(1), change(2));
    await settle();
    expect(seen).toHaveBeenCalledTimes(2);
    const errors = b.logged.filter(([level]) => level === "error").map(([, , e]) => (e as Error).message);
    expect(errors.filter((e) => e === "one")).toHaveLength(2);
    expect(errors.filter((e) => e === "two")).toHaveLength(2);
    expect(errors).toContain("three");
  });

  it("are off after off, of one handler or of a name", async () => {
    const b = bench();
    const [one, two] = [vi.fn(), vi.fn()];
    b.feed.on("order:created", one);
    b.feed.on("order:created", two);
    const socket = await live(b);
    b.feed.off("order:created", one);
    socket.say(change(1));
    b.feed.off("order:created");
    socket.say(change(2));
    expect(one).not.toHaveBeenCalled();
    expect(two).toHaveBeenCalledTimes(1);
  });

  it("are never delivered twice or out of order, even by a server that is wrong", async () => {
    const b = bench();
    const seen: string[] = [];
    b.feed.on("*", (e) => seen.push(`${e.position} ${e.event}`));
    let socket = await live(b);
    socket.say(change(1), change(2, "order:updated"), change(2, "order:status-changed"));
    socket.end();
    await vi.advanceTimersByTimeAsync(1_000);
    socket = ScriptSocket.last.welcome().joined("c2", 2);
    socket.say(
      change(1),
      change(2, "order:updated"),
      change(2, "order:status-changed"),
      change(2, "dashboard:stats-updated"),
      change(3),
    );
    expect(seen).toEqual([
      "1 order:created",
      "2 order:updated",
      "2 order:status-changed",
      "2 dashboard:stats-updated",
      "3 order:created",
    ]);
  });

  it("move the cursor, and so does progress, never backwards", async () => {
    const b = bench();
    const socket = await live(b);
    const { status } = b.feed;
    socket.say(change(5));
    expect(status).toMatchObject({ cursor: "c5", position: 5 });
    socket.say({ type: "progress", tenantId: "T", cursor: "c9", position: 9 });
    socket.say({ type: "progress", tenantId: "T", cursor: "c8", position: 8 });
    expect(b.feed.status).toBe(status);
    expect(status).toMatchObject({ cursor: "c9", position: 9 });
  });
});

describe("catching up", () => {
  const old = { at: "2020-01-01T00:00:00.000001Z" };
  const resume = async (b: ReturnType<typeof bench>) => {
    b.feed.connect();
    await settle();
    return ScriptSocket.last.welcome().joined("c5", 5);
  };

  it("lasts until nothing comes for a moment", async () => {
    const b = bench({ cursor: "c5" });
    const socket = await resume(b);
    expect(socket.sent[1]).toMatchObject({ cursor: "c5" });
    for (let n = 6; n < 20; n++) {
      socket.say(change(n, "order:created", old));
      expect(b.feed.status.state).toBe("catching-up");
      await vi.advanceTimersByTimeAsync(200);
    }
    await vi.advanceTimersByTimeAsync(300);
    expect(b.states.map((s) => s.state)).toEqual(["connecting", "catching-up", "live"]);
  });

  it("lasts until an event is new", async () => {
    const b = bench({ cursor: "c5" });
    const socket = await resume(b);
    socket.say(change(6, "order:created", old));
    expect(b.feed.status.state).toBe("catching-up");
    socket.say(change(7));
    expect(b.feed.status.state).toBe("live");
  });

  it("ends with progress", async () => {
    const b = bench({ cursor: "c5" });
    (await resume(b)).say({ type: "progress", tenantId: "T", cursor: "c9", position: 9 });
    expect(b.feed.status.state).toBe("live");
  });

  it("ends with a reset, which is sent once and moves the cursor, also back", async () => {
    const b = bench({ cursor: "c5" });
    const more = vi.fn();
    b.feed.onReset(more);
    const socket = await resume(b);
    socket.say(change(6, "order:created", old), {
      type: "reset",
      tenantId: "T",
      cursor: "d2",
      position: 2,
      reason: "diverged",
    });
    expect(b.resets).toEqual([{ reason: "diverged", cursor: "d2", position: 2 }]);
    expect(more).toHaveBeenCalledTimes(1);
    expect(b.feed.status).toMatchObject({ state: "live", cursor: "d2", position: 2 });
    socket.say(change(3));
    expect(b.feed.status.position).toBe(3);
  });

  it("keeps its cursor until the reset is there, lest it be lost", async () => {
    const b = bench({ cursor: "c5" });
    b.feed.connect();
    await settle();
    ScriptSocket.last.welcome().joined("c9000", 9000).end(); // the reset would have come next
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ScriptSocket.last.open().sent[1]).toMatchObject({ cursor: "c5" });
    ScriptSocket.last
      .say({ type: "welcome", protocol: 1, pingInterval: 1, pingTimeout: 9_999 })
      .joined("c5", 5)
      .say(change(6));
    expect(b.feed.status.position).toBe(6);
  });
});

describe("a server whose database is away", () => {
  it("makes the feed stale until something comes", async () => {
    const b = bench();
    const stale = { type: "error", code: "stale", message: "late" };
    const socket = await live(b);
    socket.say(stale);
    expect(b.feed.status).toMatchObject({ state: "stale", transport: "websocket" });
    expect(b.feed.connected).toBe(true);
    socket.say({ type: "progress", tenantId: "T", cursor: "c0", position: 0 });
    expect(b.feed.status.state).toBe("live");
    socket.say(stale, change(1, "order:created", { at: "2020-01-01T00:00:00Z" }));
    expect(b.feed.status.state).toBe("live");
  });
});

describe("tokens", () => {
  it("are refreshed before they expire, on the same connection", async () => {
    const b = bench();
    const socket = await live(b);
    socket.say({ type: "token-expiring" });
    await settle();
    expect(b.getToken).toHaveBeenLastCalledWith(true);
    expect(socket.sent.at(-1)).toEqual({ type: "auth", token: "token2" });
    expect(b.feed.status.state).toBe("live");
    expect(ScriptSocket.made).toHaveLength(1);
  });

  it("are asked for again while there is no fresh one", async () => {
    const b = bench();
    const socket = await live(b);
    b.getToken.mockReturnValueOnce("token1").mockRejectedValueOnce(new Error("offline"));
    socket.say({ type: "token-expiring" });
    await settle();
    expect(socket.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.sent.at(-1)).toEqual({ type: "auth", token: "token2" });
  });

  it("that cannot be checked yet are shown again", async () => {
    const b = bench();
    const socket = await live(b);
    b.getToken.mockReturnValue("token2");
    socket.say({ type: "token-expiring" });
    await settle();
    socket.say({ type: "error", code: "unavailable", message: "in a moment", request: "auth" });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(socket.sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.sent.slice(2)).toEqual(Array(2).fill({ type: "auth", token: "token2" }));
    expect(b.feed.status.state).toBe("live");
  });

  it("that come too late are not shown to the next connection", async () => {
    const b = bench();
    const socket = await live(b);
    let answer = (_: string) => {};
    b.getToken.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    socket.say({ type: "token-expiring" }).end(4003, "token-expired");
    await vi.advanceTimersByTimeAsync(1_000);
    const next = ScriptSocket.last.welcome().joined();
    answer("late");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(next.sent.map(({ token }) => token).filter(Boolean)).toEqual(["token2"]);
  });

  it("that lack the tenant close the feed", async () => {
    const b = bench();
    (await live(b)).say({ type: "error", code: "forbidden", message: "not this one", request: "auth", tenantId: "T" });
    expect(b.feed.status).toMatchObject({ state: "closed", code: 4502 });
  });

  it("of another subject get a connection of their own", async () => {
    const b = bench();
    const socket = await live(b);
    socket.say({ type: "error", code: "forbidden", message: "another subject", request: "auth" });
    await settle();
    expect(socket.closed).toBe(true);
    expect(ScriptSocket.made).toHaveLength(2);
  });
});
