// Only some rows: what enters and leaves, told by a real server to the client for
// TypeScript on every wire, and seen on the page of orders.

import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import { runnerImport } from "vite";
import { WebSocket } from "ws";
import { acme, exactly, psql, row, scenario, shows, url, value } from "./stage.js";

/** @import * as Client from "../../client/src/index.js" */

const client = fileURLToPath(new URL("../../client/src/index.ts", import.meta.url));
/** @type {typeof Client} */
const { createFeed } = /** @type {any} */ ((await runnerImport(client)).module);

const wires = /** @type {[string, Partial<Client.FeedOptions>][]} */ ([
  ["WebSocket", { WebSocket }],
  ["Server-Sent Events by fetch", { WebSocket: null }],
  ["Server-Sent Events by EventSource", { WebSocket: null, EventSource }],
]);

for (const [wire, options] of wires) {
  /** @param {string} token @param {Client.Where} where @param {Partial<Client.FeedOptions>} [more] */
  const follow = (token, where, more) =>
    createFeed({
      url,
      tenantId: acme.id,
      getToken: () => token,
      onReset: ({ reason }) => {
        throw new Error(`reset: ${reason}`);
      },
      log: () => {},
      where,
      ...options,
      ...more,
    });

  scenario(`rows enter and leave a feed over ${wire}`, async () => {
    const token = await logIn();
    const customer = `where ${wire}`;
    /** @type {Client.Where} */
    const where = { order: { customer, status: { in: ["pending", "processing"] }, total: { gte: "10.00" } } };
    /** @type {string[]} */
    const told = [];
    let ended = () => {};
    const end = new Promise((done) => (ended = () => done(undefined)));
    const feed = follow(token, where);
    feed.on("order:*", (data, event) => {
      const order = /** @type {Client.Order} */ (data);
      told.push([event.event, event.match, order.status, order.total].filter((word) => word !== undefined).join(" "));
      if (event.event === "order:deleted") ended();
    });
    feed.on("order:shipped", () => {}); // EventSource hears names of the catalogue, and those that somebody listens to
    feed.connect();
    await begun(feed);
    const cursor = feed.status.cursor ?? "";
    const set = (/** @type {string} */ what) =>
      psql(`update orders set ${what} where customer = :'customer'`, { customer });
    await psql(
      `insert into orders (tenant_id, customer, total) values (:'acme', :'customer', 5), (:'borealis', :'customer', 50)`,
      {
        customer,
      },
    );
    await set("total = 10");
    await set("total = 20");
    await set("status = 'fulfilled'");
    await set("total = 30");
    await set("status = 'processing'");
    await psql("insert into orders (tenant_id, customer, total) values (:'acme', 'somebody else', 50)");
    await psql("delete from orders where customer = :'customer'", { customer });
    await end;
    const want = [
      "order:updated entered pending 10",
      "order:updated pending 20",
      "order:updated left pending 20",
      "order:status-changed fulfilled",
      "order:shipped",
      "order:updated entered processing 30",
      "order:status-changed processing",
      "order:deleted processing 30",
    ];
    deepStrictEqual(told, want);
    feed.close();

    const query = new URLSearchParams({
      tenant: acme.id,
      after: cursor,
      where: JSON.stringify(where),
      events: "order:*",
    });
    const answer = await fetch(`${url}/history?${query}`, { headers: { Authorization: `Bearer ${token}` } });
    const { events } = await answer.json();
    deepStrictEqual(
      events.map((/** @type {Client.FeedEvent} */ e) => [e.event, e.match]),
      want.map((line) => [line.split(" ")[0], /entered|left/.exec(line)?.[0]]),
    );
  });

  scenario(`a filter that makes no sense is explained over ${wire}`, async () => {
    const token = await logIn();
    for (const [where, says] of /** @type {[any, RegExp][]} */ ([
      [{ order: { cost: 1 } }, /^where\.order\.cost: there is no such column; there are: .*status/],
      [{ order: { total: "many" } }, /^where\.order\.total: "many" is no value of type numeric/],
      [{ orders: {} }, /^where\.orders: there is no such stem; there are: .*order/],
    ])) {
      const feed = follow(token, where);
      feed.connect();
      await new Promise((closed) => feed.onStatus(({ state }) => state === "closed" && closed(state)));
      strictEqual(feed.status.code, 4500);
      match(feed.status.reason ?? "", says);
    }
  });
}

scenario("an order leaves the open ones when it is fulfilled, and comes back", async (stage) => {
  await psql("insert into orders (tenant_id, customer, total) values (:'acme', 'Rosalind Franklin', 12)");
  const clerk = await stage.tab({ at: "/orders" });
  const all = await stage.tab({ at: "/orders" });
  const feed = await stage.tab({ at: "/orders" });
  const show = (/** @type {typeof clerk} */ page, /** @type {string} */ which) =>
    page.getByRole("group", { name: "Show orders" }).getByRole("button", { name: which, exact: true }).click();
  await show(clerk, "Open");
  await show(feed, "Open");
  const mine = (/** @type {typeof clerk} */ page) => row(page, "orders", "Rosalind Franklin");
  const set = (/** @type {string} */ status) =>
    psql("update orders set status = :'status' where customer = 'Rosalind Franklin'", { status });
  await Promise.all([mine(clerk).waitFor(), mine(feed).waitFor(), mine(all).waitFor()]);
  await joined(stage, clerk);
  await joined(stage, feed);

  await set("fulfilled");
  await mine(clerk).waitFor({ state: "detached" });
  await mine(all).filter({ hasText: "Fulfilled" }).waitFor();
  await shows(() => set("processing"), mine(clerk).filter({ hasText: "Processing" }));

  await feed.getByRole("link", { name: "Feed" }).click();
  await feed.getByTestId("text-filter").fill("left");
  await feed.getByTestId("events").getByText("left · ").first().click();
  const detail = feed.getByTestId("event-detail");
  await exactly(detail, "match", "left").waitFor();
  await detail
    .getByTestId("view")
    .filter({ hasText: 'where {"order":{"status":{"in":["pending","processing"]}}}' })
    .waitFor();

  // Its connection has gone with the list, and that of the page has not.
  const left = () => stage.received(clerk).filter((text) => text.includes('"match":"left"'));
  const before = left();
  strictEqual(before.length, 1);
  await show(clerk, "All");
  await set("cancelled");
  await mine(clerk).filter({ hasText: "Cancelled" }).waitFor();
  deepStrictEqual(left(), before);
});

/** Waits until a page has joined its tenant a second time, for the open orders.
 * @param {{received(page: any): string[]}} stage @param {unknown} page */
async function joined(stage, page) {
  while (stage.received(page).filter((text) => text.startsWith('{"type":"welcome"')).length < 2)
    await new Promise((go) => setTimeout(go, 10));
}

/** @param {Client.Feed} feed */
const begun = (feed) => new Promise((done) => feed.onStatus(({ cursor }) => cursor && done(cursor)));

async function logIn() {
  const user = await value("select id from users where tenant_id = :'acme' and role = 'owner'");
  const answer = await fetch(`${url}/api/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tenantId: acme.id, userId: user }),
  });
  const { token } = await answer.json();
  ok(token, `the login is answered with ${answer.status}`);
  return /** @type {string} */ (token);
}
