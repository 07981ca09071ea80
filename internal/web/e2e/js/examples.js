// The example pages, from their folders.

import assert from "node:assert/strict";
import { acme, demo, examples, psql, scenario, shows, url } from "./stage.js";

/** @import { Page } from "playwright-core" */

const hostile = `<img src=x onerror="hacked=1"> & Sons`;

/** A token as a login of the demo gives it. */
async function token() {
  const people = await (await fetch(`${url}/api/tenants`)).json();
  const tenant = people.find((/** @type {{id: string}} */ t) => t.id === acme.id);
  const answer = await fetch(`${url}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ tenantId: tenant.id, userId: tenant.users[0].id }),
  });
  return /** @type {{token: string}} */ (await answer.json()).token;
}

/** @param {Page} page @param {string} text */
async function connect(page, text) {
  await page.getByLabel("Server").fill(url);
  await page.getByLabel("Tenant").fill(acme.id);
  await page.getByLabel("Token").fill(text);
  await page.getByRole("button", { name: "Connect" }).click();
}

/** @param {string} customer */
const create = (customer) =>
  psql("insert into orders (tenant_id, customer) values (:'acme', :'customer')", { customer });

const lost =
  /^console: (WebSocket connection to .* failed|Failed to load resource: net::ERR_|GET http.* net::ERR_|.*blocked by CORS policy)/;

scenario("a page of another origin whose requests have headers of a tracer", async (stage) => {
  const page = await stage.page(`${examples}/sse/`);
  const headers = { baggage: "sentry-environment=test", traceparent: "00-1", "ngrok-skip-browser-warning": "1" };
  for (const [path, more] of [
    ["/socket.io/?EIO=4&transport=polling", {}],
    [`/history?tenant=${acme.id}`, { authorization: `Bearer ${await token()}` }],
  ]) {
    const status = await page.evaluate(
      async ([address, sent]) => (await fetch(address, { headers: sent })).status,
      /** @type {const} */ ([`${url}${path}`, { ...headers, .../** @type {object} */ (more) }]),
    );
    assert.equal(status, 200, `${path}`);
  }
});

scenario("an old page with socket.io-client", async (stage) => {
  stage.expect(lost);
  const page = await stage.page(`${examples}/socketio/`);
  const state = page.locator("#state");
  await shows(
    () => connect(page, "no token"),
    state.filter({ hasText: "not connected" }).filter({ hasText: /token/i }),
  );
  await shows(async () => connect(page, await token()), state.filter({ hasText: "joined" }));
  const orders = page.locator("#orders tr");
  const notes = page.locator("#notifications li");
  await shows(() => create(hostile), orders.filter({ hasText: hostile }), notes.filter({ hasText: hostile }));
  await shows(
    () => psql("update orders set status = 'fulfilled' where customer = :'customer'", { customer: hostile }),
    orders.filter({ hasText: "fulfilled" }),
    notes.filter({ hasText: "is fulfilled" }),
  );
  await shows(
    () =>
      psql(`insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
              select tenant_id, id, 'adjustment', -1, 'dented' from skus where sku = 'DRY-8'`),
    notes.filter({ hasText: "Stock adjusted by -1: dented" }),
  );
  assert.equal(await page.locator("img").count(), 0);

  await shows(() => demo("kill"), state.filter({ hasText: /connected: / }));
  await demo("start");
  for (const n of [1, 2, 3]) await create(`Meanwhile ${n}`);
  await shows(() => demo("open"), state.filter({ hasText: "joined" }));
  await shows(() => create("After"), notes.filter({ hasText: "After" }));
  assert.deepEqual(await orders.locator("td:nth-child(2)").allTextContents(), [
    "After",
    "Meanwhile 3",
    "Meanwhile 2",
    "Meanwhile 1",
    hostile,
  ]);
});

scenario("a plain page with EventSource", async (stage) => {
  stage.expect(lost, /^console: .*(401|403)/);
  const page = await stage.page(`${examples}/sse/`);
  const state = page.locator("#state");
  await shows(() => connect(page, "no token"), state.filter({ hasText: "refused" }));
  await shows(async () => connect(page, await token()), state.filter({ hasText: "live" }));
  const created = page.locator("#events tr").filter({ hasText: "order:created" });
  await shows(() => create(hostile), created.filter({ hasText: JSON.stringify(hostile) }));
  assert.equal(await page.locator("img").count(), 0);

  await shows(() => demo("kill"), state.filter({ hasText: "connecting" }));
  await demo("start");
  for (const n of [1, 2, 3]) await create(`Meanwhile ${n}`);
  await shows(() => demo("open"), state.filter({ hasText: "live" }), created.filter({ hasText: "Meanwhile 3" }));
  await shows(() => create("After"), created.filter({ hasText: "After" }));
  assert.deepEqual(
    (await created.locator("td:nth-child(3)").allTextContents()).map((text) => JSON.parse(text).customer),
    ["After", "Meanwhile 3", "Meanwhile 2", "Meanwhile 1", hostile],
  );
});
