import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createFeed, type FeedOptions, type FeedStatus } from "../src/index.js";
import { FaultyServer, until } from "./server.js";

let server: FaultyServer;
beforeEach(async () => {
  server = await FaultyServer.start();
  vi.spyOn(Math, "random").mockReturnValue(0.001);
});
afterEach(() => server.stop());

function follow(options: Partial<FeedOptions> = {}) {
  let tokens = 0;
  const seen: number[] = [];
  const states: FeedStatus[] = [];
  const feed = createFeed({
    url: server.url,
    tenantId: "T",
    WebSocket,
    getToken: () => `token${++tokens}`,
    onReset: () => void seen.push(-1),
    log: () => {},
    ...options,
  });
  feed.onStatus((status) => states.push(status));
  feed.on("*", ({ data }) => void seen.push(data.index));
  feed.connect();
  return { feed, seen, states };
}

describe.each([
  ["fetch", undefined],
  ["EventSource", EventSource],
])("where WebSocket is blocked, with %s", (way, EventSource) => {
  it("goes on with Server-Sent Events after two attempts, and stays with them", async () => {
    server.blocked = true;
    const { feed, seen } = follow({ EventSource });
    await until(() => feed.status.state === "live");
    expect(feed.status.transport).toBe("sse");
    expect(server.upgrades).toBe(2);
    server.commit(2);
    await until(() => seen.length === 2);
    server.blocked = false;
    server.cut();
    server.commit();
    await until(() => seen.length === 3);
    expect(seen).toEqual([0, 1, 2]);
    expect(server.upgrades).toBe(2);
    feed.close();
  });

  it("sends the token in a header or trades it for a ticket, never in the URL, and continues from the cursor", async () => {
    const { feed, seen } = follow({ EventSource, WebSocket: null, events: ["order:*", "sku:updated"] });
    await until(() => feed.status.state === "live");
    server.commit();
    await until(() => seen.length === 1);
    server.cut();
    await until(() => server.streams.length === 2 && feed.status.state === "live");
    const [first, second] = server.streams;
    expect(first!.searchParams.getAll("events")).toEqual(["order:*", "sku:updated"]);
    expect(first!.searchParams.has("cursor")).toBe(false);
    expect(second!.searchParams.get("cursor")).toBe(server.cursor(1));
    for (const url of server.streams) expect(String(url)).not.toContain("token");
    expect(server.tickets).toBe(way === "EventSource" ? 2 : 0);
    feed.close();
  });

  it("waits as long as the server says when it shuts down", async () => {
    const { feed, states } = follow({ EventSource, WebSocket: null });
    await until(() => feed.status.state === "live");
    server.close(4001, "shutdown; retry=123ms");
    await until(() => server.streams.length === 2 && feed.status.state === "live");
    // EventSource keeps the field retry to itself.
    expect(states).toContainEqual(expect.objectContaining({ code: 4001, ...(way === "fetch" && { retryIn: 123 }) }));
    feed.close();
  });

  it.each([
    ["invalid-token", "closed", 4501],
    ["token-expired", "connecting", 4003],
  ] as const)("hears that the token is refused: %s", async (verdict, state, code) => {
    server.verify = (token) => (token === "token1" ? verdict : true);
    const { feed, states } = follow({ EventSource, WebSocket: null });
    await until(() => states.some((s) => s.code === code));
    expect(states.find((s) => s.code === code)!.state).toBe(state);
    if (state === "connecting") await until(() => feed.status.state === "live");
    feed.close();
  });

  it("comes back with a fresh token before one expires", async () => {
    const { feed, seen } = follow({ EventSource, WebSocket: null });
    await until(() => feed.status.state === "live");
    server.send({ type: "token-expiring" });
    await until(() => server.streams.length === 2 && feed.status.state === "live");
    expect(server.tokens.at(-1)).toBe("token2");
    server.commit();
    await until(() => seen.length === 1);
    await until(() => server.clients.size === 1);
    feed.close();
    await until(() => server.clients.size === 0);
  });
});

it("honours Retry-After", async () => {
  server.faults = [
    {
      kind: "status",
      status: 503,
      problem: { code: "unavailable", detail: "in a moment" },
      headers: { "Retry-After": "1" },
    },
  ];
  const { feed, states } = follow({ WebSocket: null });
  await until(() => states.some((s) => s.retryIn === 1000 && s.reason === "in a moment"));
  feed.close();
});

it("stays away from a tenant that is not in the token", async () => {
  const { feed } = follow({ WebSocket: null, tenantId: "U" });
  await until(() => feed.status.state === "closed");
  expect(feed.status.code).toBe(4502);
});

it("tries both wires in turn while the server is down, and takes WebSocket when it is back", async () => {
  server.faults = Array.from({ length: 7 }, () => ({ kind: "refuse" }));
  const { feed } = follow();
  await until(() => feed.status.state === "live");
  // Twice WebSocket, then in turn: the eighth attempt is WebSocket.
  expect(feed.status.transport).toBe("websocket");
  expect(server.upgrades).toBe(5);
  feed.close();
});

it("does without WebSocket where there is none, and says so where there is nothing", () => {
  const options = { url: server.url, tenantId: "T", getToken: () => "t", onReset: () => {}, WebSocket: null };
  expect(() => createFeed(options)).not.toThrow();
  vi.stubGlobal("fetch", undefined);
  expect(() => createFeed(options)).toThrow("there is no WebSocket here");
  vi.unstubAllGlobals();
});

it("takes a stream for dead that not even comments come on", async () => {
  const { feed, states } = follow({ WebSocket: null, heartbeat: 50 });
  await until(() => states.some((s) => s.reason === "the server is silent" && s.state === "connecting"));
  feed.close();
});

it("reads a stream however it is cut into pieces", async () => {
  const bytes = new TextEncoder().encode(
    'retry: 2000\n\nid: c1\nevent: joined\ndata: {"type":"joined","tenantId":"T","cursor":"c1","position":1}\n\n: ping\n\n' +
      'id: c2\nevent: order:created\ndata: {"type":"event","event":"order:created","tenantId":"T","position":2,"cursor":"c2","at":"2026-01-02T03:04:05.678901Z","data":{"customer":"Zoë 🙂"}}\n\n',
  );
  const fetch = async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        },
      }),
    );
  const { feed } = follow({ WebSocket: null, fetch });
  const customers: string[] = [];
  feed.on("order:created", ({ customer }) => void customers.push(customer));
  await until(() => customers.length > 0);
  expect(customers).toEqual(["Zoë 🙂"]);
  feed.close();
});

it("delivers nothing after close, though more has arrived", async () => {
  const event = (n: number) =>
    `id: c${n}\nevent: order:created\ndata: {"type":"event","event":"order:created","tenantId":"T","position":${n},"cursor":"c${n}","at":"2026-01-02T03:04:05Z","data":{"index":${n}}}\n\n`;
  const joined = `event: joined\ndata: {"type":"joined","tenantId":"T","cursor":"c0","position":0}\n\n`;
  const stream = joined + event(1) + event(2) + event(3);
  const { feed, seen } = follow({ WebSocket: null, fetch: async () => new Response(stream) });
  feed.on("order:created", ({ index }: any) => index === 2 && feed.close());
  await until(() => seen.length === 2);
  await new Promise((go) => setImmediate(go));
  expect(seen).toEqual([1, 2]);
  expect(feed.status).toMatchObject({ state: "idle", cursor: "c2" });
});
