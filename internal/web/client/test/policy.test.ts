import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFeed, type FeedOptions } from "../src/index.js";
import { createSocketService } from "../src/socket.js";
import { bench, change, live, ScriptSocket, settle } from "./script.js";
import { FaultyServer, until } from "./server.js";

afterEach(() => {
  vi.restoreAllMocks(); // before the clock, as one of them is of its timers
  vi.useRealTimers();
});

describe("a change of policy", () => {
  beforeEach(() => void vi.useFakeTimers());

  const reset = (retryAfter?: unknown, position = 9) => ({
    type: "reset",
    tenantId: "T",
    cursor: `c${position}~0a1b2c3d`,
    position,
    reason: "policy",
    retryAfter,
  });
  const loaded = (position = 9) => ({ reason: "policy", cursor: `c${position}~0a1b2c3d`, position });

  it("has the state loaded after the time that the server asks for, while events go on", async () => {
    const b = bench();
    const seen: number[] = [];
    b.feed.on("*", ({ position }) => void seen.push(position));
    const more = vi.fn();
    b.feed.onReset(more);
    const socket = await live(b);
    await settle();
    socket.joined().say(change(1), reset(3_000), change(10));
    expect(seen).toEqual([1, 10]);
    expect(b.feed.status).toMatchObject({ state: "live", cursor: "c10" });
    await vi.advanceTimersByTimeAsync(2_999);
    expect(b.resets).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(b.resets).toEqual([loaded()]);
    expect(more).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(b.resets).toHaveLength(1);
  });

  it("has it loaded once for several, at the time of the last", async () => {
    const b = bench();
    const socket = await live(b);
    socket.say(reset(3_000), reset(5_000, 12));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(b.resets).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(b.resets).toEqual([loaded(12)]);
    socket.say(reset(3_000, 13), { ...reset(undefined, 14), reason: "expired" });
    expect(b.resets.slice(1)).toEqual([{ ...loaded(14), reason: "expired" }]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(b.resets).toHaveLength(2);
  });

  it("has it loaded though the connection is lost meanwhile, and the feed goes on from the new cursor", async () => {
    const b = bench({ fetch: undefined });
    (await live(b)).say(reset(10_000)).end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ScriptSocket.last.open().sent[1]).toMatchObject({ cursor: "c9~0a1b2c3d" });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(b.resets).toEqual([loaded()]);
  });

  it("is remembered by a feed that was closed meanwhile", async () => {
    const b = bench();
    (await live(b)).say(reset(10_000));
    b.feed.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(b.resets).toEqual([]);
    b.feed.connect();
    expect(b.resets).toEqual([loaded()]);
    await settle();
    expect(ScriptSocket.last.open().sent[1]).toMatchObject({ cursor: "c9~0a1b2c3d" });
  });

  it("says nothing to a feed that a listener closes as it connects", async () => {
    const b = bench();
    (await live(b)).say(reset(10_000));
    b.feed.close();
    const off = b.feed.onStatus(() => b.feed.close());
    await vi.advanceTimersByTimeAsync(60_000);
    b.feed.connect();
    expect(b.resets).toEqual([]);
    off();
    b.feed.connect();
    expect(b.resets).toEqual([loaded()]);
  });

  it.each([undefined, null, 0, -1, "soon", false])("has it loaded at once if the time is %s", async (retryAfter) => {
    const b = bench();
    (await live(b)).say(reset(retryAfter));
    expect(b.resets).toEqual([loaded()]);
  });

  it("does not keep the machine busy, however long it is to wait", async () => {
    const b = bench();
    const socket = await live(b);
    const timers = vi.spyOn(globalThis, "setTimeout");
    vi.spyOn(JSON, "parse").mockReturnValueOnce(reset(Infinity));
    socket.say({});
    await vi.advanceTimersByTimeAsync(20_000);
    expect(timers.mock.calls.length).toBeLessThan(10);
    expect(b.resets).toEqual([]);
  });

  it("that needs other claims ends the connection, which comes back with a token and the cursor", async () => {
    const b = bench();
    (await live(b)).say(change(7, "order:created", { cursor: "c7~0a1b2c3d" })).end(4007, "policy-changed");
    expect(b.feed.status).toMatchObject({ state: "connecting", code: 4007, reason: "policy-changed" });
    await vi.advanceTimersByTimeAsync(1_000);
    const { sent } = ScriptSocket.last.open();
    expect(sent[0]).toEqual({ type: "auth", token: "token2" });
    expect(sent[1]).toMatchObject({ cursor: "c7~0a1b2c3d" });
    expect(b.getToken).toHaveBeenLastCalledWith(false); // the last one is good
  });

  it("does not end a service that has one token", async () => {
    ScriptSocket.made = [];
    const failed = vi.fn();
    const claims = btoa(JSON.stringify({ tenant_id: "T" }));
    const service = createSocketService({ url: "https://feed.test", WebSocket: ScriptSocket, log: () => {} });
    service.on("connect_error", failed).connect(`h.${claims}.s`);
    await settle();
    ScriptSocket.last.welcome().joined().end(4007, "policy-changed");
    await vi.advanceTimersByTimeAsync(1_000);
    ScriptSocket.last.welcome().joined();
    expect(service.connected).toBe(true);
    expect(failed).not.toHaveBeenCalled();
    service.disconnect();
  });
});

describe.each([
  ["fetch", undefined],
  ["EventSource", EventSource],
])("over Server-Sent Events with %s", (_, EventSource) => {
  let server: FaultyServer;
  beforeEach(async () => {
    server = await FaultyServer.start();
    vi.spyOn(Math, "random").mockReturnValue(0.001);
  });
  afterEach(() => server.stop());

  const follow = (options: Partial<FeedOptions>) => {
    const seen: number[] = [];
    const resets: { reason: string; cursor: string }[] = [];
    const feed = createFeed({
      url: server.url,
      tenantId: "T",
      WebSocket: null,
      EventSource,
      getToken: () => "t",
      onReset: ({ reason, cursor }) => void resets.push({ reason, cursor }),
      log: () => {},
      ...options,
    });
    feed.on("*", ({ data }) => void seen.push(data.index));
    feed.connect();
    return { feed, seen, resets };
  };

  it("a cursor goes back as it came", async () => {
    server.policy();
    const { feed, seen, resets } = follow({});
    await until(() => feed.status.state === "live");
    server.commit();
    await until(() => seen.length === 1);
    server.cut();
    await until(() => server.streams.length === 2 && feed.status.state === "live");
    expect(server.streams[1]!.searchParams.get("cursor")).toBe("a.1~view1");
    expect(resets).toEqual([]);
    feed.close();
  });

  it.each(["policy", "expired", "diverged", "invalid"])(
    "a stream that is refused with 410 as %s begins without the cursor, and is a reset",
    async (reason) => {
      server.strict = true;
      server.commit(2);
      if (reason === "policy") server.policy();
      if (reason === "expired") server.forget();
      const cursor = { policy: "a.0", expired: "a.0", diverged: "b.0", invalid: "~" }[reason];
      const { feed, seen, resets } = follow({ cursor });
      await until(() => resets.length > 0);
      expect(resets).toEqual([{ reason, cursor: server.cursor(2) }]);
      expect(feed.status).toMatchObject({ state: "live", transport: "sse", cursor: server.cursor(2) });
      server.commit();
      await until(() => seen.length > 0);
      expect(seen).toEqual([2]);
      expect(server.streams).toHaveLength(1);
      feed.close();
      await until(() => server.clients.size === 0);
    },
  );
});

it("waits with the load as long as the refusal of a stream says", async () => {
  vi.useFakeTimers();
  const answers = [
    Response.json({ code: "policy", detail: "another view" }, { status: 410, headers: { "Retry-After": "7" } }),
    new Response('data: {"type":"joined","tenantId":"T","cursor":"c4~0a1b2c3d","position":4}\n\n'),
  ];
  const urls: string[] = [];
  const fetch = async (url: any) => (urls.push(String(url)), answers.shift() ?? new Promise<Response>(() => {}));
  const b = bench({ WebSocket: null, fetch, cursor: "c1" });
  b.feed.connect();
  await vi.advanceTimersByTimeAsync(6_999);
  expect(urls.slice(0, 2).map((url) => new URL(url).searchParams.get("cursor"))).toEqual(["c1", null]);
  expect(b.resets).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(b.resets).toEqual([{ reason: "policy", cursor: "c4~0a1b2c3d", position: 4 }]);
  b.feed.close();
});
