// What somebody does on one page is seen on the others.

import assert from "node:assert/strict";
import { euros, exactly, figure, psql, row, scenario, shows, toast, value, whole } from "./stage.js";

scenario("stock adjusted in one tab moves in another", async (stage) => {
  const shop = await stage.tab({ at: "/products" });
  const office = await stage.tab({ at: "/movements" });
  await row(office, "movements").first().waitFor();
  await shop.getByRole("link", { name: "Gas Canister" }).click();
  const sku = row(shop, "skus", "GAS-230");
  const before = await figure(sku.getByTestId("quantity"));
  await sku.getByTestId("adjust").click();
  await shop.getByTestId("adjust-quantity").fill("-3");
  await shop.getByTestId("adjust-reason").fill("dented on the way");
  await shows(
    () => shop.getByTestId("save-adjustment").click(),
    row(office, "movements", "Dented on the way").filter({ hasText: "GAS-230" }).filter({ hasText: "−3" }),
    toast(office, "stock:adjusted", "−3"),
    row(shop, "movements", "Dented on the way"),
    exactly(sku, "quantity", whole.format(before - 3)),
  );
  assert.equal(await value("select quantity from skus where sku = 'GAS-230'"), String(before - 3));
});

scenario("a new order appears in the list and on the dashboard", async (stage) => {
  const clerk = await stage.tab({ at: "/orders" });
  const owner = await stage.tab();
  const open = await figure(owner.getByTestId("open-orders"));
  await row(clerk, "orders").first().waitFor();
  await clerk.getByTestId("new-order").click();
  await clerk.getByTestId("customer").fill("Ada Lovelace");
  await clerk.getByTestId("line-sku").selectOption(await value("select id from skus where sku = 'DRY-8'"));
  await clerk.getByTestId("line-quantity").fill("2");
  await shows(
    () => clerk.getByTestId("create-order").click(),
    row(clerk, "orders", "Ada Lovelace").filter({ hasText: "Pending" }).filter({ hasText: "€48.00" }),
    row(owner, "latest-orders", "Ada Lovelace"),
    toast(owner, "order:created", "Ada Lovelace"),
    exactly(owner, "open-orders", whole.format(open + 1)),
  );
});

scenario("goods that are received change the value and the movements", async (stage) => {
  const buyer = await stage.tab({ at: "/purchase-orders" });
  const owner = await stage.tab();
  const store = await stage.tab({ at: "/movements" });
  await row(store, "movements").first().waitFor();
  const worth = await figure(owner.getByTestId("inventory-value"));
  const [sku, cost] = (await value("select id, cost from skus where sku = 'TENT-2P'")).split("|");
  await buyer.getByTestId("new-purchase-order").click();
  await buyer.getByTestId("line-sku").selectOption(String(sku));
  await buyer.getByTestId("line-quantity").fill("7");
  const [answer] = await Promise.all([
    buyer.waitForResponse((r) => r.url().endsWith("/api/purchase-orders") && r.request().method() === "POST"),
    buyer.getByTestId("create-purchase-order").click(),
  ]);
  const { number } = /** @type {{number: string}} */ (await answer.json());
  const order = row(buyer, "purchase-orders", number);
  await order.filter({ hasText: "Draft" }).waitFor();
  await shows(
    () => order.getByTestId("send").click(),
    order.filter({ hasText: "Sent" }),
    toast(buyer, "purchase-order:sent", number),
  );
  await shows(
    () => order.getByTestId("receive").click(),
    order.filter({ hasText: "Received" }),
    toast(buyer, "purchase-order:received", number),
    toast(owner, "purchase-order:received", number),
    exactly(owner, "inventory-value", euros.format(worth + 7 * Number(cost))),
    row(store, "movements", number).filter({ hasText: "TENT-2P" }).filter({ hasText: "+7" }),
  );
});

scenario("orders that are fulfilled and cancelled are seen", async (stage) => {
  await psql(`
    with o as (insert into orders (tenant_id, customer, total) values (:'acme', 'Grace Hopper', 24), (:'acme', 'Alan Turing', 24) returning *)
    insert into order_items (tenant_id, order_id, sku_id, quantity, unit_price)
    select o.tenant_id, o.id, s.id, 1, s.price from o join skus s on s.tenant_id = o.tenant_id and s.sku = 'DRY-8'`);
  const clerk = await stage.tab({ at: "/orders" });
  const other = await stage.tab({ at: "/orders" });
  const store = await stage.tab({ at: "/movements" });
  const grace = row(other, "orders", "Grace Hopper");
  const alan = row(other, "orders", "Alan Turing");
  await grace.filter({ hasText: "Pending" }).waitFor();
  const number = String(await grace.getByRole("link").first().textContent());
  await shows(
    () => row(clerk, "orders", "Grace Hopper").getByTestId("fulfil").click(),
    grace.filter({ hasText: "Fulfilled" }),
    toast(other, "order:fulfilled", "Grace Hopper"),
    row(store, "movements", number).filter({ hasText: "−1" }),
  );
  await row(clerk, "orders", "Alan Turing").getByRole("link").first().click();
  await clerk.getByTestId("cancel").click();
  await shows(
    () => clerk.getByTestId("confirm-cancel").click(),
    alan.filter({ hasText: "Cancelled" }),
    toast(other, "order:cancelled", "Alan Turing"),
  );
});
