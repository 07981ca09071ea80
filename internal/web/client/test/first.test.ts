import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFeed } from "../src/index.js";
import { explain } from "../src/explain.js";
import { openEventSource } from "../src/sse.js";
import { bench, change, live, ScriptSocket, settle } from "./script.js";

const tokenOf = (claims: object) => `a.${btoa(JSON.stringify(claims))}.c`;

// What goes wrong when somebody uses the client for the first time.
describe("the first time", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("calls handlers of a pattern for each event of the stem, once", async () => {
    const b = bench();
    const seen: string[] = [];
    b.feed.on("order:*", (_, event) => seen.push(`pattern ${event.event}`));
    b.feed.on("order:created", () => seen.push("name"));
    const off = b.feed.on("sku:*", () => seen.push("other"));
    const socket = await live(b);
    socket.say(change(1), change(2, "order:status-changed"), change(3, "orders:created"), change(4, "sku:created"));
    off();
    socket.say(change(5, "sku:created"));
    expect(seen).toEqual(["name", "pattern order:created", "pattern order:status-changed", "other"]);
  });

  it("hears with EventSource what patterns stand for", async () => {
    const names: string[] = [];
    class Source {
      onerror = null;
      addEventListener = (name: string) => void names.push(name);
      close() {}
    }
    const fetch = async () => new Response('{"ticket":"t"}');
    const start = { base: "http://feed.test", token: "t", tenantId: "T", cursor: undefined, events: ["shop:*"] };
    const rest = { where: undefined, heartbeat: undefined, log() {}, message() {}, end() {} };
    const open = openEventSource(Source, fetch, () => ["order:*"])({ ...start, ...rest });
    await settle();
    for (const name of ["shop:created", "shop:bulk", "order:created", "order:replayed", "shop:unreadable"])
      expect(names).toContain(name);
    expect(names.filter((name) => name.includes("*"))).toEqual([]);
    open.close();
  });

  it("is made where there is no page, and says so when it is to connect there", () => {
    const { feed } = bench({ url: "/" });
    expect(feed.status.state).toBe("idle");
    expect(() => feed.connect()).toThrow("there is no page that / could belong to");
    expect(feed.status.state).toBe("idle");
    expect(() => bench({ url: "http://" })).toThrow("Invalid URL");
  });

  it.each(["getToken", "onReset"])("throws at once without %s", (name) => {
    expect(() => bench({ [name]: undefined })).toThrow(`needs ${name}, a function`);
  });

  it("takes the only tenant of the token when none is named", async () => {
    const b = bench({ tenantId: undefined, getToken: () => tokenOf({ tenant_id: 42 }) });
    expect(b.feed.tenantId).toBeUndefined();
    await live(b);
    expect(ScriptSocket.last.sent[1]).toMatchObject({ type: "join-tenant", tenantId: "42" });
    expect(b.feed.tenantId).toBe("T");
  });

  it.each([
    [{}, 0],
    [{ tenants: ["A", "B"] }, 2],
  ])("says so when the token names not one tenant: %o", async (claims, n) => {
    const b = bench({ tenantId: undefined, getToken: () => tokenOf(claims) });
    b.feed.connect();
    await settle();
    const reason = `the token names ${n} tenants; give createFeed a tenantId`;
    expect(b.feed.status).toMatchObject({ state: "closed", code: 4500, reason });
  });

  it("knows its tenant by the name that the server sends, and a number is one", async () => {
    const b = bench({ tenantId: 7 });
    const seen = vi.fn();
    b.feed.on("order:created", seen);
    b.feed.connect();
    await settle();
    ScriptSocket.last.welcome().say({ type: "joined", tenantId: "t7", cursor: "c0", position: 0 });
    ScriptSocket.last.say(
      change(1, "order:created", { tenantId: "t7" }),
      change(2, "order:created", { tenantId: "7" }),
    );
    expect(ScriptSocket.last.sent[1].tenantId).toBe("7");
    expect(b.feed.tenantId).toBe("t7");
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it("reports what the server has to say about the join", async () => {
    const b = bench();
    b.feed.connect();
    await settle();
    ScriptSocket.last
      .welcome()
      .say({ type: "joined", tenantId: "T", cursor: "c0", position: 0, hint: "no table ordr" });
    expect(b.logged).toContainEqual(["warn", "no table ordr", expect.anything()]);
  });

  it("looks once why nobody answers, and again only when it had joined", async () => {
    const fetch = vi.fn(async () => new Response("", { status: 404 }));
    const b = bench({ fetch, EventSource: undefined });
    b.feed.connect();
    for (let i = 0; i < 3; i++) {
      await settle();
      ScriptSocket.last.end();
      await vi.advanceTimersByTimeAsync(40_000);
    }
    const warned = () => b.logged.filter(([, text]) => text.includes("https://feed.test/ws answers 404")).length;
    expect(warned()).toBe(1);
    b.feed.close();
  });
});

describe("a server that says nothing", () => {
  const serve = async (status: number, type: string): Promise<[string, () => Promise<unknown>]> => {
    const server = createServer((_, response) => void response.writeHead(status, { "Content-Type": type }).end("{}"));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const stop = () => new Promise((done) => (server.close(done), server.closeAllConnections()));
    return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop];
  };

  it.each([
    [426, "application/problem+json", "does a proxy in between pass it on?"],
    [404, "text/html", "/ws answers 404, and not as Rowcast"],
    [200, "text/html", "/ws answers 200, and not as Rowcast"],
  ])("is asked, and answers %i as %s", async (status, type, want) => {
    const [url, stop] = await serve(status, type);
    expect(await explain(url, fetch)).toContain(want);
    expect(await explain(url, fetch)).toContain(url);
    await stop();
    expect(await explain(url, fetch)).toContain(`${url} cannot be reached`);
  });

  it("may be one for other pages, or not for a page over https", async () => {
    vi.stubGlobal("location", { origin: "https://app.test", href: "https://app.test/" });
    try {
      const foreign = async (_: unknown, init?: RequestInit) => {
        if (init?.mode === "cors") throw new TypeError("Failed to fetch");
        return Response.error();
      };
      expect(await explain("https://feed.test", foreign as typeof fetch)).toContain(
        "not for pages of https://app.test: is that origin in FRONTEND_URL",
      );
      const down = () => Promise.reject(new TypeError("Failed to fetch"));
      expect(await explain("http://feed.test", down)).toContain("a page over https may not use http");
      expect(await explain("https://feed.test", down)).toContain("cannot be reached");
      expect(createFeed({ url: "/", getToken: () => "", onReset() {} }).status.state).toBe("idle");
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
