import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createFeed, type FeedOptions, type FeedStatus, type Where } from "../src/index.js";
import { textOf } from "../src/where.js";
import { bench, change, live, ScriptSocket, settle } from "./script.js";
import { FaultyServer, until } from "./server.js";

const where: Where = { order: { status: { in: ["pending", "processing"] } } };

describe("a filter of rows", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const joins = (socket: ScriptSocket) => socket.sent.filter(({ type }) => type === "join-tenant");

  it("goes with every join of a connection, and with the next connection", async () => {
    const b = bench({ where });
    b.feed.on("order:*", () => {});
    const socket = await live(b);
    b.feed.on("sku:*", () => {});
    await settle();
    expect(joins(socket).map((join) => join.where)).toEqual([where, where]);
    socket.joined().end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(joins(ScriptSocket.last.open())).toEqual([
      { type: "join-tenant", tenantId: "T", cursor: "c0", events: ["order:*", "sku:*"], where },
    ]);
    b.feed.close();
  });

  it("is none where there is none", async () => {
    expect(joins(await live(bench()))[0]).not.toHaveProperty("where");
  });

  it("closes the feed when it is refused while the feed is live", async () => {
    const b = bench({ where });
    const socket = await live(b);
    b.feed.on("sku:*", () => {});
    await settle();
    const message = "where.order.cost: there is no such column; there are: id, status";
    socket.say({ type: "error", code: "bad-request", message, request: "join-tenant", tenantId: "T" });
    expect(b.feed.status).toMatchObject({ state: "closed", code: 4500, reason: message });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ScriptSocket.made).toHaveLength(1);
  });

  it("is asked for again by itself when it cannot be checked, from where the feed is", async () => {
    const b = bench({ where });
    const socket = (await live(b)).say(change(3));
    b.feed.on("sku:*", () => {});
    await settle();
    const refused = {
      type: "error",
      code: "unavailable",
      message: "in a moment",
      request: "join-tenant",
      tenantId: "T",
    };
    socket.say(refused);
    expect(b.feed.status).toMatchObject({ state: "connecting", reason: "in a moment" });
    await vi.advanceTimersByTimeAsync(1_000);
    ScriptSocket.last.welcome().say(refused);
    expect(b.feed.status.state).toBe("connecting");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ScriptSocket.made).toHaveLength(3);
    expect(joins(ScriptSocket.last.welcome().joined("c3", 3))).toMatchObject([{ cursor: "c3", where }]);
    expect(b.feed.connected).toBe(true);
    b.feed.close();
  });
});

describe.each<[string, Partial<FeedOptions>]>([
  ["WebSocket", { WebSocket }],
  ["Server-Sent Events by fetch", { WebSocket: null }],
  ["Server-Sent Events by EventSource", { WebSocket: null, EventSource }],
])("over %s", (_, options) => {
  let server: FaultyServer;
  beforeEach(async () => {
    server = await FaultyServer.start();
    vi.spyOn(Math, "random").mockReturnValue(0.001);
  });
  afterEach(() => server.stop());

  function follow(more: Partial<FeedOptions> = {}) {
    const received: [number, string | undefined][] = [];
    const states: FeedStatus[] = [];
    const feed = createFeed({
      url: server.url,
      tenantId: "T",
      getToken: () => "t",
      onReset: () => {},
      log: () => {},
      where,
      ...options,
      ...more,
    });
    feed.onStatus((status) => states.push(status));
    feed.on("order:updated", (_, { position, match }) => void received.push([position, match]));
    feed.connect();
    return { feed, received, states };
  }

  it("handlers receive what entered and what left, also after a reconnect", async () => {
    const { feed, received } = follow();
    await until(() => feed.status.state === "live");
    const update = (more: object) => server.commit(1, 1, "order", ["updated"], more);
    update({ match: "entered" });
    update({});
    server.cut();
    update({ match: "left" });
    await until(() => received.length === 3);
    expect(received).toEqual([
      [1, "entered"],
      [2, undefined],
      [3, "left"],
    ]);
    expect(server.wheres).toEqual([where, where]);
    feed.close();
  });

  it("one that is refused closes the feed with the words of the server", async () => {
    const detail = 'where.order.total: "many" is no value of type numeric';
    server.admit = () => ({ status: 400, code: "bad-request", detail });
    const { feed } = follow();
    await until(() => feed.status.state === "closed");
    expect(feed.status).toMatchObject({ code: 4500, reason: detail });
  });

  it("one that cannot be checked is asked for again", async () => {
    let tries = 0;
    server.admit = () => ++tries > 3 || { status: 503, code: "unavailable", detail: "in a moment" };
    const { feed, states } = follow();
    await until(() => feed.status.state === "live");
    expect(states).toContainEqual(expect.objectContaining({ state: "connecting", reason: "in a moment" }));
    expect(states.some(({ state }) => state === "closed")).toBe(false);
    feed.close();
  });
});

it("has one text for equal filters", () => {
  const texts = [
    { order: { status: "open", total: { gte: 1, lt: 5 } }, sku: [{ name: "a" }, { quantity: null }] },
    { sku: [{ name: "a" }, { quantity: null }], order: { total: { lt: 5, gte: 1 }, status: "open" } },
  ].map(textOf);
  expect(texts[0]).toBe(texts[1]);
  expect(JSON.parse(texts[0]!)).toEqual({
    order: { status: "open", total: { gte: 1, lt: 5 } },
    sku: [{ name: "a" }, { quantity: null }],
  });
  expect(textOf({ order: [{ status: "a" }, { status: "b" }] })).not.toBe(
    textOf({ order: [{ status: "b" }, { status: "a" }] }),
  );
  expect(textOf({ order: undefined })).toBe(textOf({}));
  expect(textOf(undefined)).toBeUndefined();
});
