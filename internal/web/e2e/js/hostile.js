// Customers choose their names.

import assert from "node:assert/strict";
import { psql, row, scenario, shows, toast } from "./stage.js";

/** @import { Page } from "playwright-core" */

/** @param {string} where */
const hostile = (where) =>
  `<img src=x onerror="hacked=1"><script>hacked=1</script></td>'"&amp;{{0}}<a href="javascript:hacked=1">${where}`;

/** Nothing of it became a part of the page.
 * @param {Page} page */
async function harmless(page) {
  assert.equal(await page.locator('img[src="x"], a[href^="javascript"], td script, div script').count(), 0);
  assert.equal(await page.evaluate("typeof hacked"), "undefined");
}

scenario("hostile text is shown as text", async (stage) => {
  const owner = await stage.tab();
  const store = await stage.tab({ at: "/movements" });
  const feed = await stage.tab({ at: "/feed" });
  await feed.getByTestId("feed-state").filter({ hasText: "live" }).waitFor();
  await row(store, "movements").first().waitFor();

  const event = feed.getByTestId("events").getByRole("row").filter({ hasText: "order:created" });
  await shows(
    () =>
      psql("insert into orders (tenant_id, customer, order_number) values (:'acme', :'name', 'SO-<b>1')", {
        name: hostile("customer"),
      }),
    row(owner, "latest-orders", hostile("customer")),
    toast(owner, "order:created", hostile("customer")),
    event.filter({ hasText: hostile("customer") }),
  );
  await event.click();
  await feed
    .getByTestId("event-detail")
    .getByText(JSON.stringify(hostile("customer")))
    .first()
    .waitFor();
  await feed.getByTestId("text-filter").fill("<img src=x onerror=");
  await event.waitFor();
  await harmless(feed);

  await psql(
    `update skus set name = :'name' where sku = 'TENT-2P';
              update products set name = :'product', category = :'product', description = :'product' where name = 'Skarn Tent';
              update suppliers set name = :'supplier' where name = 'Nordwand Textil';
              insert into purchase_orders (tenant_id, supplier_id, po_number)
                select tenant_id, id, 'PO-<i>1' from suppliers where name = :'supplier'`,
    {
      name: hostile("sku"),
      product: hostile("product"),
      supplier: hostile("supplier"),
    },
  );
  await shows(
    () =>
      psql(
        `insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason, reference)
              select tenant_id, id, 'adjustment', 1, :'reason', '<u>' from skus where sku = 'TENT-2P'`,
        { reason: hostile("reason") },
      ),
    row(store, "movements", hostile("reason")),
    toast(store, "stock:adjusted", hostile("reason")),
  );
  await harmless(store);

  await owner.getByTestId("latest-orders").getByRole("link", { name: "SO-<b>1" }).click();
  await owner.getByRole("dialog").getByText(hostile("customer")).waitFor();
  await harmless(owner);
  await owner.goto(`${new URL(owner.url()).origin}/purchase-orders`);
  await row(owner, "purchase-orders", "PO-<i>1")
    .filter({ hasText: hostile("supplier") })
    .waitFor();
  await harmless(owner);
  await owner.getByRole("navigation").getByRole("link", { name: "Products", exact: true }).click();
  await owner
    .getByTestId("products")
    .getByRole("link", { name: hostile("product") })
    .click();
  await owner.getByRole("heading", { level: 1, name: hostile("product") }).waitFor();
  await row(owner, "skus", hostile("sku")).waitFor();
  await harmless(owner);
});
