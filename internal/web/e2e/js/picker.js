// What a role does not see reaches neither its pages nor its connections.

import assert from "node:assert/strict";
import { acme, exactly, live, psql, row, scenario, shows, toast } from "./stage.js";

/** @import { Page } from "playwright-core" */

const picker = { name: "Piet Maes, picker" };
/** Every price there is. What is made of several of them has a sign in pages. */
const price = "7777.77";
const prices = /7,?777\.77|€/;
const elsewhere = /Elsewhere|annex/;

scenario("no price and nothing of another warehouse reaches a picker", async (stage) => {
  await psql(
    `
    update skus set price = :price, cost = :price;
    update order_items set unit_price = :price;
    insert into orders (tenant_id, customer, warehouse, total)
      values (:'acme', 'Mary Anning', 'main', :price), (:'acme', 'Elsewhere', 'annex', :price);
    update orders set total = :price`,
    { price },
  );
  const manager = await stage.tab({ user: { name: "Tomás Herrera, manager" }, at: "/orders" });
  const page = await stage.tab({ user: picker, at: "/orders" });
  const home = await stage.tab({ user: picker });
  const feed = await stage.tab({ user: picker, at: "/feed" });
  /** @type {Promise<string>[]} */
  const answers = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/api/")) answers.push(answer.text());
  });
  await page.reload();
  await live(page);

  // The canary is where it may be.
  await row(manager, "orders", "Elsewhere").filter({ hasText: "€7,777.77" }).waitFor();
  await manager.getByTestId("warehouse").selectOption("main");
  await row(manager, "orders", "Elsewhere").waitFor({ state: "detached" });
  await row(manager, "orders", "Mary Anning").waitFor();

  // Changes of all kinds, with a price in each.
  await row(page, "orders", "Mary Anning").waitFor();
  await psql(
    `
    insert into orders (tenant_id, customer, warehouse, total) values (:'acme', 'Elsewhere too', 'annex', :price);
    update orders set status = 'processing', total = total + 1 where customer in ('Mary Anning', 'Elsewhere');
    update orders set total = :price where customer = 'Mary Anning';
    update skus set quantity = 0, price = price + 1 where tenant_id = :'acme';
    update skus set quantity = 50, price = :price where tenant_id = :'acme';
    insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
      select tenant_id, id, 'adjustment', 1, 'Elsewhere' from skus where tenant_id = :'acme';
    update purchase_orders set total = :price, status = 'received' where tenant_id = :'acme'`,
    { price },
  );
  await shows(
    () => psql("update orders set status = 'fulfilled' where customer = 'Mary Anning'"),
    row(page, "orders", "Mary Anning").filter({ hasText: "Fulfilled" }),
    toast(home, "order:shipped", "Mary Anning"),
    toast(page, "order:fulfilled", "Mary Anning"),
  );

  // An order comes from another warehouse, and goes there.
  const move = (/** @type {string} */ to) =>
    psql("update orders set customer = 'Traveller', warehouse = :'to' where customer in ('Elsewhere', 'Traveller')", {
      to,
    });
  await shows(() => move("main"), row(page, "orders", "Traveller"));
  await feed.getByTestId("text-filter").fill("entered");
  await feed.getByTestId("events").getByText("entered · ").first().click();
  const detail = feed.getByTestId("event-detail");
  await exactly(detail, "match", "entered").waitFor();
  await detail.getByTestId("view").filter({ hasText: "picker of main" }).waitFor();
  await move("annex");
  await row(page, "orders", "Traveller").waitFor({ state: "detached" });

  await row(page, "orders", "Mary Anning").getByRole("link").first().click();
  await page.getByRole("dialog").getByText("Mary Anning").waitFor();
  await clean(page);
  await page.keyboard.press("Escape");
  for (const name of ["Dashboard", "Products", "Orders"]) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await clean(page);
  }
  await page.getByRole("navigation").getByRole("link", { name: "Products", exact: true }).click();
  await row(page, "products").getByRole("link").first().click();
  await row(page, "skus").first().waitFor();
  for (const tab of [page, home, feed]) await clean(tab);
  assert.equal(await page.getByRole("link", { name: /Purchase orders|Stock movements/ }).count(), 0);

  for (const tab of [page, home, feed]) {
    const frames = stage.received(tab);
    assert.ok(frames.some((text) => text.includes('"order:shipped"') && text.includes("Mary Anning")));
    assert.deepEqual(
      frames.filter(
        (text) => prices.test(text) || elsewhere.test(text) || /purchase|stock[-_]movement|stock:adjusted/.test(text),
      ),
      [],
    );
    assert.ok(
      frames.every((text) => !text.includes('"total"') && !text.includes('"price"') && !text.includes('"cost"')),
    );
  }
  const texts = await Promise.all(answers);
  assert.ok(texts.some((text) => text.includes("Mary Anning")));
  assert.deepEqual(
    texts.filter((text) => prices.test(text) || elsewhere.test(text)),
    [],
  );
  assert.ok(
    stage.received(manager).some((text) => text.includes(`"total":${price}`)),
    `nobody sees a price of ${acme.name}`,
  );
});

/** Nothing that is withheld is anywhere in the document, and nothing stands for it.
 * @param {Page} page */
async function clean(page) {
  const html = await page.content();
  for (const wrong of [prices, elsewhere, /undefined|NaN/])
    assert.deepEqual(html.match(new RegExp(`.{0,200}(${wrong.source}).{0,40}`, "g")) ?? [], []);
}
