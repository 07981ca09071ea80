// Pages stay open while the server dies and comes back.

import assert from "node:assert/strict";
import { demo, psql, row, scenario, shows } from "./stage.js";

/** @import { Page } from "playwright-core" */

scenario("a page that stayed open over a kill and a restart has missed nothing", async (stage) => {
  stage.expect(/^console: (WebSocket connection to .* failed|Failed to load resource: net::ERR_)/);
  const clerk = await stage.tab({ at: "/orders" });
  // High enough for every event to be on the screen.
  const feed = await stage.tab({ at: "/feed", context: { viewport: { width: 1440, height: 4000 } } });
  /** @param {string} customer */
  const create = (customer) =>
    psql("insert into orders (tenant_id, customer) values (:'acme', :'customer')", { customer });
  await shows(() => create("Before"), row(clerk, "orders", "Before"), feed.getByTestId("events").getByText("Before"));

  /** @param {Page} page @param {string} text */
  const notice = (page, text) => page.getByTestId("notice").getByText(text, { exact: true });
  await shows(() => demo("kill"), notice(clerk, "Reconnecting"), notice(feed, "Reconnecting"));
  await demo("start");
  // Nobody can connect yet, and somebody writes.
  const customers = Array.from({ length: 20 }, (_, n) => `Meanwhile ${n}.`);
  for (const customer of customers) await create(customer);
  await psql("update orders set status = 'fulfilled' where customer like 'Meanwhile 1_.'");
  await shows(
    () => demo("open"),
    notice(clerk, "Caught up"),
    notice(feed, "Caught up"),
    ...customers.map((c) => row(clerk, "orders", c).filter({ hasText: / 1\d/.test(c) ? "Fulfilled" : "Pending" })),
  );
  await shows(
    () => create("After"),
    row(clerk, "orders", "After"),
    feed.getByTestId("events").getByText("After").first(),
  );
  assert.deepEqual(
    await row(clerk, "orders", /Before|Meanwhile|After/)
      .locator("td[title]:first-of-type")
      .allTextContents(),
    ["After", ...customers.toReversed(), "Before"],
  );
  checkPositions(
    await feed
      .getByTestId("events")
      .getByRole("row")
      .evaluateAll((rows) =>
        rows.map((r) => [...r.querySelectorAll("[role=cell]")].map((cell) => String(cell.textContent))),
      ),
  );
});

/** Positions go up by one: nothing is missing and nothing came twice.
 * @param {string[][]} rows in any order, as the cells of each */
function checkPositions(rows) {
  const changes = rows
    .filter(([, event]) => event !== "dashboard:stats-updated")
    .map(([position, event]) => `${position} ${event}`);
  assert.deepEqual(changes.length, new Set(changes).size, "something came twice");
  const positions = [...new Set(changes.map((change) => Number.parseInt(change)))].sort((a, b) => a - b);
  // An order before, twenty meanwhile, ten of them changed, and one after.
  assert.equal(positions.length, 32);
  assert.equal(Number(positions.at(-1)) - Number(positions[0]), 31);
}
