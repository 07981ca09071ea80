import { createCollection } from "@tanstack/db";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rowcastCollectionOptions } from "../src/db.js";
import { createFeed, type Feed, RowsError, type RowList } from "../src/index.js";
import { bench, change, live, ScriptSocket, settle } from "./script.js";

/** Answers of /rows, in their order; the last one again and again. */
function shelf(...answers: (object[] | Response)[]) {
  const asked: { url: URL; token: string | null }[] = [];
  const fetch = vi.fn(async (url: string, init: RequestInit) => {
    asked.push({ url: new URL(url), token: new Headers(init.headers).get("Authorization") });
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    return Array.isArray(answer)
      ? new Response(answer.map((line) => JSON.stringify(line) + "\n").join(""))
      : answer.clone();
  });
  return { asked, fetch: fetch as unknown as typeof globalThis.fetch };
}
const rows = (...all: object[]) => [
  { type: "snapshot", key: ["id"], columns: [{ name: "id" }], snapshot: "10:10:", cursor: "c" },
  ...all.map((row) => ({ row })),
  { type: "end", rows: all.length },
];
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ code, detail: `because of ${code}` }), { status, headers });
const order = (position: number, verb: string, data: object, more: object = {}) =>
  change(position, `order:${verb}`, {
    data,
    source: { table: "orders", op: verb, tx: String(9 + position), writer: "w" },
    ...more,
  });

/** A list of a feed that is live, with what listeners heard. */
async function listOf(answers: (object[] | Response)[], options: Parameters<typeof bench>[0] = {}) {
  const store = shelf(...answers);
  const b = bench({ fetch: store.fetch, ...options });
  const list = b.feed.rows("order") as unknown as RowList;
  const heard: string[] = [];
  const unsubscribe = list.subscribe((changes) =>
    heard.push(changes.map(({ type }) => type).join() || list.status.state),
  );
  const socket = await live(b);
  await later();
  return { ...b, ...store, list, socket, heard, unsubscribe };
}
const later = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const passing = async (fact: () => boolean) => {
  for (let n = 0; n < 50 && !fact(); n++) await later();
  expect(fact()).toBe(true);
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => void vi.useRealTimers());

it("does nothing until somebody subscribes, and until the feed has joined", async () => {
  const store = shelf(rows({ id: 1 }));
  const b = bench({ fetch: store.fetch });
  const list = b.feed.rows("order");
  expect([list.rows, list.status, list.key]).toEqual([[], { state: "idle" }, []]);
  b.feed.connect();
  await later();
  ScriptSocket.last.welcome();
  list.subscribe(() => {});
  await later(5_000);
  expect([store.asked.length, list.status.state]).toEqual([0, "loading"]);
  ScriptSocket.last.joined();
  await passing(() => list.status.state === "ready");
  await list.ready;
  expect([list.rows, list.key]).toEqual([[{ id: 1 }], ["id"]]);
  expect(store.asked[0]!.url.href).toBe("https://feed.test/rows?tenant=T&table=order");
  expect(store.asked[0]!.token).toBe("Bearer token2");
  expect(ScriptSocket.last.sent.findLast(({ type }) => type === "join-tenant").events).toEqual(["order:*"]);
});

it("follows rows by their key, also when it changes, and what leaves", async () => {
  const head = { ...rows()[0], key: ["a", "constructor"], columns: [{ name: "a" }, { name: "constructor" }] };
  const { list, socket, heard } = await listOf([[head, { type: "end" }]]);
  socket.say(
    order(1, "created", { a: 1, constructor: "x" }),
    order(2, "created", { a: 2, constructor: "x" }),
    order(3, "updated", { a: 1, constructor: "y" }, { changed: ["constructor"], previous: { constructor: "x" } }),
    order(4, "updated", { a: 2, constructor: "x", n: 1 }, { changed: ["n"], previous: { n: null } }),
    order(5, "status-changed", { a: 9 }),
    order(6, "replayed", { a: 2, constructor: "x" }),
    order(7, "updated", { a: 1, constructor: "y" }, { match: "left" }),
    order(8, "updated", { a: 3, constructor: "z" }, { match: "entered" }),
  );
  expect(list.rows).toEqual([
    { a: 2, constructor: "x", n: 1 },
    { a: 3, constructor: "z" },
  ]);
  socket.say(order(9, "truncated", { table: "orders" }));
  expect(list.rows).toEqual([]);
  expect(heard).toEqual(["load", "put", "put", "drop,put", "put", "drop", "put", "load"]);
});

it("reads again at most once a second, and after a reset", async () => {
  const { list, socket, asked } = await listOf([rows({ id: 1 })]);
  expect(asked).toHaveLength(1);
  for (let n = 1; n < 20; n++)
    socket.say(order(n, n % 2 ? "bulk" : "unreadable", {}, n % 2 ? {} : { unreadable: true }));
  expect(list.status.state).toBe("reloading");
  await later(999);
  expect(asked).toHaveLength(1);
  await later(1);
  await passing(() => list.status.state === "ready");
  expect(asked).toHaveLength(2);
  socket.say({ type: "reset", tenantId: "T", cursor: "d0", position: 0, reason: "policy" });
  await later(1_000);
  await passing(() => list.status.state === "ready");
  expect(asked).toHaveLength(3);

  socket.end(); // an ordinary reconnect
  await later(2_000);
  ScriptSocket.last.welcome().joined("d0", 0);
  await later(5_000);
  expect([asked.length, list.rows]).toEqual([3, [{ id: 1 }]]);
});

it("tries again what may succeed, with a fresh token where that was refused", async () => {
  const cut = rows({ id: 1 }).slice(0, 2);
  const ended = [...cut, { type: "error", code: "unavailable" }];
  const { list, asked, getToken } = await listOf([
    refusal(401, "token-expired"),
    refusal(429, "rate-limited", { "Retry-After": "7" }),
    cut,
    ended,
    refusal(503, "unavailable"),
    rows({ id: 1 }),
  ]);
  await later();
  expect(asked).toHaveLength(2);
  expect(getToken.mock.calls.slice(-2)).toEqual([[false], [true]]);
  await later(6_999);
  expect(asked).toHaveLength(2);
  await later(1);
  expect(asked).toHaveLength(3);
  await later(10_000);
  expect([asked.length, list.status, list.rows]).toEqual([6, { state: "ready" }, [{ id: 1 }]]);
});

it.each([
  ["not-readable", refusal(409, "not-readable")],
  ["bad-request", refusal(400, "bad-request")],
  ["limit-exceeded", [rows()[0]!, { row: { id: 1 } }, { type: "error", code: "limit-exceeded" }]],
  ["not-readable", [{ ...rows()[0], key: ["id", "secret"] }, { type: "end" }]],
])("says that rows are refused: %s, and begins anew after a reset", async (code, answer) => {
  const { list, socket, asked, logged } = await listOf([answer, rows({ id: 1 })]);
  await passing(() => list.status.state === "failed");
  expect(list.status.code).toBe(code);
  await expect(list.ready).rejects.toBeInstanceOf(RowsError);
  expect(logged.map(([level]) => level)).toContain("error");
  socket.say(order(1, "bulk", {}));
  await later(10_000);
  expect(asked).toHaveLength(1);
  socket.say({ type: "reset", tenantId: "T", cursor: "d0", position: 1, reason: "policy" });
  await later(1_000);
  await passing(() => list.status.state === "ready");
  await list.ready;
});

it("fails with the feed that is closed, and begins with it", async () => {
  const store = shelf(rows({ id: 1 }));
  const b = bench({ fetch: store.fetch });
  const list = b.feed.rows("order");
  list.subscribe(() => {});
  b.feed.connect();
  await later();
  ScriptSocket.last.welcome().end(4502, "forbidden");
  expect(list.status).toMatchObject({ state: "failed", code: "closed", reason: "forbidden" });
  await expect(list.ready).rejects.toThrow("forbidden");
  b.feed.connect();
  await later();
  ScriptSocket.last.welcome().joined();
  await passing(() => list.status.state === "ready");
});

it("has a feed of its own for other rows, as long as somebody wants them", async () => {
  const store = shelf(rows({ id: 1 }));
  const where = { order: { status: "open" } };
  const b = bench({ fetch: store.fetch, where });
  await live(b);
  expect(b.feed.rows("order")).toBe(b.feed.rows("order", { where: { status: "open" } }));
  const held = b.feed.rows("order", { where: { status: "held" } });
  expect(held).toBe(b.feed.rows("order", { where: { status: "held" } }));
  const off = held.subscribe(() => {});
  await later();
  expect(ScriptSocket.made).toHaveLength(2);
  ScriptSocket.last.welcome().joined();
  await passing(() => held.status.state === "ready");
  expect(ScriptSocket.last.sent.at(-1)).toMatchObject({ where: { order: { status: "held" } }, events: ["order:*"] });
  expect(store.asked[0]!.url.searchParams.get("where")).toBe('{"order":{"status":"held"}}');
  off();
  await later();
  expect([ScriptSocket.made[1]!.closed, ScriptSocket.made[0]!.closed]).toEqual([true, false]);
  expect([held.status.state, held.rows]).toEqual(["idle", []]);
  expect(b.feed.rows("order", { where: { status: "held" } })).not.toBe(held);
});

it("is refused where the feed was made for other events", () => {
  const { feed } = bench({ events: ["order:created", "sku:*"] });
  expect(() => feed.rows("order")).toThrow(
    /rows need all events of order; the feed was made for order:created, sku:\*/,
  );
  expect(feed.rows("sku").status.state).toBe("idle");
});

it("waits for a transaction: by an event, by a snapshot, before and after it came, or in vain", async () => {
  const { list, socket } = await listOf([rows({ id: 1 })]);
  await list.awaitTx("9"); // in the snapshot
  const later15 = list.awaitTx("15");
  const never = list.awaitTx("99");
  never.catch(() => {});
  socket.say(order(6, "created", { id: 2 }));
  await later15;
  await list.awaitTx("15"); // it has come
  await later(4_999);
  const said = vi.fn();
  never.catch(said);
  await settle();
  expect(said).not.toHaveBeenCalled();
  await later(1);
  await expect(never).rejects.toThrow("nothing of transaction 99 came to the rows of order in 5000 ms");
  expect(() => list.awaitTx("now")).toThrow(TypeError);
});

it("does not tell others of a listener that fails", async () => {
  const { list, socket, logged } = await listOf([rows()]);
  const calls = vi.fn();
  list.subscribe(() => {
    throw new Error("mine");
  });
  list.subscribe(calls);
  socket.say(order(1, "created", { id: 1 }));
  expect(calls).toHaveBeenCalledTimes(1);
  expect(logged.at(-1)).toEqual(["error", "a listener to the rows of order failed", new Error("mine")]);
});

describe("a collection of TanStack DB", () => {
  interface Item {
    id: number;
    n?: number;
  }
  interface Tables {
    rows: { item: Item };
    events: { "item:created": Item; "item:updated": Item; "item:deleted": Item };
  }
  const item = (position: number, verb: string, data: Item, more = {}) => ({
    ...order(position, verb, data, more),
    event: `item:${verb}`,
  });

  it("has the rows, and what was written at once until the feed has it", async () => {
    const store = shelf(rows({ id: 1 }, { id: 2 }), rows({ id: 7 }));
    const b = bench({ fetch: store.fetch });
    const feed = b.feed as unknown as Feed<Tables>;
    const options = rowcastCollectionOptions({
      feed,
      table: "item",
      onInsert: async () => void (await options.utils.awaitTx("13")),
    });
    const items = createCollection(options);
    const all = () => items.toArray.map(({ id, n }) => (n === undefined ? id : [id, n]));
    const ready = items.preload();
    const socket = await live(b);
    await later();
    await ready;
    expect(all()).toEqual([1, 2]);
    socket.say(
      item(1, "updated", { id: 1, n: 5 }, { previous: { n: null } }),
      item(2, "deleted", { id: 2 }),
      item(3, "created", { id: 3 }),
    );
    expect(all()).toEqual([[1, 5], 3]);
    socket.say(item(3, "updated", { id: 4 }, { previous: { id: 3 } }));
    expect(all()).toEqual([[1, 5], 4]);

    const written = items.insert({ id: 9 });
    expect(all()).toEqual([[1, 5], 4, 9]);
    socket.say(item(4, "created", { id: 9, n: 1 })); // of transaction 13
    await written.isPersisted.promise;
    expect(all()).toEqual([[1, 5], 4, [9, 1]]);

    socket.say(item(5, "bulk", { id: 0 }));
    await later(1_000);
    await passing(() => all().length === 1);
    expect(all()).toEqual([7]);
    await items.cleanup();
    await later();
    expect(feed.rows("item").status.state).toBe("idle");
  });

  it("says that rows are refused", async () => {
    const store = shelf(refusal(409, "not-readable"));
    const b = bench({ fetch: store.fetch });
    const items = createCollection(
      rowcastCollectionOptions({ feed: b.feed as unknown as Feed<Tables>, table: "item" }),
    );
    const ready = items.preload();
    ready.catch(() => {});
    await live(b);
    await later();
    await expect(ready).rejects.toThrow("not-readable");
  });
});

it("is nothing but idle where there is no page", () => {
  const feed = createFeed({ url: "/", getToken: () => "t", onReset: () => {} });
  expect(feed.rows("order").status).toEqual({ state: "idle" });
});
