import type { FeedEvent } from "@rowcast/client";
import { describe, expect, it } from "vitest";
import { curl, literal, psql, react, shell } from "./copy.ts";
import { capacity, Log, matcher, type Entry } from "./log.ts";
import { quantile, Stats } from "./stats.ts";
import { summary } from "./summary.ts";
import { View } from "./view.ts";

let position = 0;
const entry = (name: string, data: unknown = {}, more: object = {}): Entry => ({
  event: { event: name, tenantId: "T", position: ++position, cursor: "c", at: "", data, ...more } as FeedEvent,
  lag: 1,
});
const many = (n: number, name = "order:created") => Array.from({ length: n }, () => entry(name));
const seen = (view: View) => Array.from({ length: view.length }, (_, i) => view.at(i)?.event.position);

/** A log, and a view of it that receives what comes. */
function pair() {
  const log = new Log();
  const view = new View(log);
  log.watch((batch) => view.append(batch));
  return { log, view };
}

describe("Log and View", () => {
  it("keep the newest events, newest first", () => {
    const { log, view } = pair();
    log.append(many(capacity));
    log.append(many(10));
    expect(log.entries).toHaveLength(capacity);
    expect(view.length).toBe(capacity);
    expect(view.at(0)?.event.position).toBe(position);
    expect(view.at(capacity - 1)?.event.position).toBe(position - capacity + 1);
    expect(view.at(capacity)).toBeUndefined();
  });

  it("begin with what was logged before", () => {
    const log = new Log();
    log.append(many(3));
    expect(seen(new View(log))).toEqual([position, position - 1, position - 2]);
  });

  it("filter by event, stem and text, what was and what comes", () => {
    const { log, view } = pair();
    const first = entry("order:created", { customer: "Mira" });
    log.append([first, entry("sku:updated")]);
    view.filter({ event: "order:*", text: "mira" });
    expect(seen(view)).toEqual([first.event.position]);
    const last = entry("order:deleted", { customer: "MIRA" });
    log.append([last, entry("order:created", { customer: "Tom" })]);
    expect(seen(view)).toEqual([last.event.position, first.event.position]);
    expect(view.indexOf(first)).toBe(1);
    view.filter({ event: "", text: "" });
    expect(view.length).toBe(4);
  });

  it("search a long log in parts, and take what comes meanwhile", () => {
    const { log, view } = pair();
    log.append(many(2000));
    let clock = 0;
    view.filter({ event: "order:created", text: "nothing like it" });
    view.filter({ event: "order:created", text: "" });
    log.append(many(5));
    while (view.search(() => clock++ * 10));
    expect(view.searching).toBe(false);
    expect(seen(view)).toEqual(Array.from({ length: 2005 }, (_, i) => position - i));
  });

  it("stand still while paused, count what comes, and show it afterwards", () => {
    const { log, view } = pair();
    log.append(many(3));
    const before = seen(view);
    view.pause();
    log.append(many(capacity + 7));
    expect(seen(view)).toEqual(before);
    expect(view.waiting).toBe(capacity);
    view.resume();
    expect(view.waiting).toBe(0);
    expect(view.length).toBe(capacity);
    expect(view.at(0)?.event.position).toBe(position);
  });

  it("filter what was shown at the pause, also when the log has gone on", () => {
    const { log, view } = pair();
    const old = entry("sku:updated");
    log.append([old, ...many(2)]);
    view.pause();
    log.append(many(capacity));
    log.append([entry("sku:updated")]);
    view.filter({ event: "sku:updated", text: "" });
    expect(seen(view)).toEqual([old.event.position]);
    expect(view.waiting).toBe(1);
    view.resume();
    expect(seen(view)).toEqual([position, old.event.position]);
  });
});

it("matches a position exactly, and the writer", () => {
  const e = entry("order:created", {}, { source: { table: "orders", op: "insert", tx: "1", writer: "psql" } });
  expect(matcher({ event: "", text: String(e.event.position) })(e)).toBe(true);
  expect(matcher({ event: "", text: "PSQL" })(e)).toBe(true);
  expect(matcher({ event: "", text: "Left" })(entry("order:updated", {}, { match: "left" }))).toBe(true);
  expect(matcher({ event: "order:*", text: "" })(entry("purchase-order:created"))).toBe(false);
  const quoted = entry("order:created", { customer: 'Mira "Max" \\ Sons' });
  expect(matcher({ event: "", text: 'mira "max" \\ s' })(quoted)).toBe(true);
  expect(matcher({ event: "", text: '"mira' })(quoted)).toBe(false);
});

describe("Stats", () => {
  it("count by second, with gaps where nothing came", () => {
    const stats = new Stats();
    for (const ms of [1000_100, 1000_200, 1002_000]) stats.add(ms - 20, ms);
    const { times, rate, p50 } = stats.series(1003_500);
    expect(times.at(-1)).toBe(1002);
    expect(rate.slice(-3)).toEqual([2, 0, 1]);
    expect(p50.slice(-3)).toEqual([20, null, 20]);
  });

  it("take a clock that is behind into account", () => {
    const stats = new Stats();
    expect(stats.add(5000, 4700)).toBe(0);
    expect(stats.add(6000, 5800)).toBe(100);
  });

  it("forget what left the window", () => {
    const stats = new Stats();
    for (let s = 0; s < 1000; s++) stats.add(s * 1000, s * 1000 + 5);
    expect(stats.summary(1000_000, 10_000).rate * 10_000).toBeLessThanOrEqual(121);
  });

  it("have quantiles", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99), quantile([], 0.5)]).toEqual([
      50,
      99,
      7,
      null,
    ]);
  });
});

describe("copies", () => {
  const hostile = "a'b\"$(rm -rf /)`\\ c";

  it("quote for the shell and for SQL", () => {
    expect(shell(hostile)).toBe(`'a'\\''b"$(rm -rf /)\`\\ c'`);
    expect(literal("it's")).toBe("'it''s'");
    expect(literal("\\'")).toBe("E'\\\\'''");
  });

  it("follow the event with curl, without the token", () => {
    const text = curl(entry("order:created", {}, { cursor: "a.1.b'" }).event, "http://here");
    expect(text).toContain("'http://here/events?tenant=T&events=order%3Acreated&cursor=a.1.b%27'");
    expect(text).toContain('"Authorization: Bearer $TOKEN"');
  });

  it("follow the rows that the event was told for", () => {
    const { event } = entry("order:updated", { id: 1 }, { match: "left" });
    const where = { order: { customer: "it's" } };
    const url = /'(http.*?)' \\\n/.exec(curl(event, "http://here", where).replaceAll("'\\''", "’"))?.[1] ?? "";
    expect(new URL(url).searchParams.get("where")?.replace("’", "'")).toBe(JSON.stringify(where));
    expect(react(event, where)).toContain(`}, { where: {"order":{"customer":"it's"}} });`);
  });

  it("read the row with psql", () => {
    const source = { table: "Orders x", op: "update", tx: "1", writer: "" };
    expect(psql(entry("order:updated", { id: "o'1" }, { source }).event)).toBe(
      `psql "$DATABASE_URL" -x -c ${shell(`select * from "Orders x" where id = 'o''1'`)}`,
    );
    expect(psql(entry("order:bulk", { count: 3 }, { source }).event)).toContain("tenant_id = '\\''T'\\''");
  });

  it("react to the event", () => {
    const text = react(entry("order:created", { id: 1, "not a name": 2, total: 3 }).event);
    expect(text).toContain(`useFeedEvent("order:created", ({ id, total }, event) => {`);
  });
});

it("summarises events in one line", () => {
  const row = { order_number: "SO-1", customer: "Mira", status: "fulfilled" };
  const said = (name: string, data: unknown, more: object = {}) => summary(entry(name, data, more).event);
  expect(said("order:status-changed", { status: "fulfilled", previousStatus: "pending", order: row })).toBe(
    "SO-1 · pending → fulfilled",
  );
  expect(said("order:updated", row, { changed: ["status", "updated_at"], previous: { status: "pending" } })).toBe(
    "SO-1 · Mira · status: pending → fulfilled",
  );
  expect(said("order:updated", row, { match: "left" })).toBe("left · SO-1 · Mira · fulfilled");
  expect(said("stock-movement:created", { movement_type: "sale", quantity: -2, reason: "" })).toBe("sale · −2");
  expect(said("order:bulk", { operation: "insert", count: 5000 })).toBe("insert of 5000 rows");
  expect(said("dashboard:stats-updated", { reasons: ["orders", "skus"] })).toBe("orders, skus");
});
