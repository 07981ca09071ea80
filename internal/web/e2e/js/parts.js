// Parts of one page that come and go while psql writes, on the client for
// TypeScript in Node. What each received is what the history has.

import { deepStrictEqual, ok } from "node:assert";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { WebSocket } from "ws";
import { acme, psql, scenario, url, value } from "./stage.js";

/** @import * as Client from "../../client/src/index.js" */

/** @template T @param {string} path @returns {Promise<T>} */
const load = async (path) =>
  /** @type {T} */ ((await runnerImport(fileURLToPath(new URL(`../../client/${path}`, import.meta.url)))).module);
/** @type {typeof Client} */
const { createFeed } = await load("src/index.ts");
/** @type {{random(seed: number): {next(): number; below(n: number): number}}} */
const { random } = await load("test/random.ts");

const patterns = ["order:*", "order:created", "order:updated", "order:status-changed", "sku:*", "sku:updated"];
patterns.push("stock-movement:*", "stock-movement:created", "stock:adjusted", "alert:low-stock", "*");

const writes = [
  "insert into orders (tenant_id, customer) values (:'acme', 'part')",
  "update orders set status = case status when 'pending' then 'processing' else 'pending' end where customer = 'part'",
  "update orders set total = total + 1 where customer = 'part'",
  "update skus set name = name || '.' where sku = 'TENT-3P'",
  `insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
     select tenant_id, id, 'adjustment', 1, 'part' from skus where sku = 'TENT-3P'`,
];

/** @typedef {{filter: string[], from: string, to?: string, received: string[], leave(): void}} Part */

for (const [wire, options] of /** @type {[string, object][]} */ ([
  ["WebSocket", { WebSocket }],
  ["Server-Sent Events", { WebSocket: null }],
]))
  for (const seed of [1, 2])
    scenario(`parts of a page come and go over ${wire} (seed ${seed})`, async () => {
      const { next, below } = random(seed);
      const token = await logIn();
      /** @type {string[]} */
      const errors = [];
      const feed = createFeed({
        url,
        tenantId: acme.id,
        ...options,
        getToken: () => token,
        onReset: ({ reason }) => void errors.push(`reset: ${reason}`),
        log: (level, ...text) => void (level === "error" && errors.push(text.join(" "))),
      });
      /** @type {Part[]} */
      const parts = [];
      const here = () => feed.status.cursor ?? "";
      const come = () => {
        const filter = Array.from(
          { length: 1 + below(3) },
          () => patterns[below(patterns.length - (next() < 0.1 ? 0 : 1))] ?? "*",
        );
        /** @type {string[]} */
        const received = [];
        const hear = (/** @type {Client.FeedEvent} */ event) => {
          if (received.at(-1) !== nameOf(event)) received.push(nameOf(event));
        };
        const offs = filter.map((name) =>
          name === "*" ? feed.on(name, hear) : feed.on(/** @type {"order:*"} */ (name), (_, event) => hear(event)),
        );
        /** @type {Part} */
        const part = {
          filter,
          received,
          from: here(),
          leave() {
            part.to = here();
            offs.forEach((off) => off());
          },
        };
        parts.push(part);
      };
      feed.connect();
      await new Promise((begun) => feed.onStatus(({ cursor }) => cursor && begun(cursor)));

      let writing = true;
      const writer = (async () => {
        for (let n = 0; n < 12; n++)
          await psql(Array.from({ length: 4 }, () => writes[below(writes.length)]).join(";\n"));
        writing = false;
      })();
      while (writing) {
        if (next() < 0.6) come();
        const some = parts.filter(({ to }) => to === undefined);
        if (next() < 0.6) some[below(some.length)]?.leave();
        await new Promise((go) => setTimeout(go, below(40)));
      }
      await writer;
      come();
      const end = new Promise((seen) =>
        feed.on("order:created", (order) => order.customer === "the end" && seen(order)),
      );
      await psql("insert into orders (tenant_id, customer) values (:'acme', 'the end')");
      await end;
      await new Promise(setImmediate); // the handlers after that one
      feed.close();

      const last = here();
      /** @type {Map<string, Client.FeedEvent[]>} */
      const known = new Map();
      const since = async (/** @type {string} */ cursor) => {
        const events = known.get(cursor) ?? (await history(token, cursor));
        known.set(cursor, events);
        return events;
      };
      for (const { filter, from, to = last, received } of parts) {
        const after = new Set((await since(to)).map(nameOf));
        const want = (await since(from)).filter((event) => !after.has(nameOf(event)) && passes(filter, event.event));
        deepStrictEqual(
          received.filter((name) => !name.endsWith(" dashboard:stats-updated")),
          want.map(nameOf),
          String(filter),
        );
      }
      deepStrictEqual(errors, []);
    });

/** @param {{position: number, event: string}} event */
const nameOf = ({ position, event }) => `${position} ${event}`;

/** @param {string[]} filter @param {string} name */
const passes = (filter, name) => filter.some((p) => p === "*" || p === name || p === name.replace(/[^:]*$/, "*"));

async function logIn() {
  const user = await value("select id from users where tenant_id = :'acme' and role = 'owner'");
  const body = JSON.stringify({ tenantId: acme.id, userId: user });
  const answer = await fetch(`${url}/api/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  const { token } = await answer.json();
  ok(token, `the login is answered with ${answer.status}`);
  return /** @type {string} */ (token);
}

/** Every event after a cursor. @param {string} token @param {string} after */
async function history(token, after) {
  /** @type {Client.FeedEvent[]} */
  const all = [];
  for (let more = true; more;) {
    const query = new URLSearchParams({ tenant: acme.id, after, limit: "1000" });
    const answer = await fetch(`${url}/history?${query}`, { headers: { Authorization: `Bearer ${token}` } });
    const page = await answer.json();
    if (answer.status === 429) {
      await new Promise((go) => setTimeout(go, 1000 * Number(answer.headers.get("Retry-After"))));
      continue;
    }
    ok(answer.ok, `the history says ${page.detail}`);
    all.push(...page.events);
    ({ cursor: after, more } = page);
  }
  return all;
}
