// What psql writes is seen as if a page had done it.

import { euros, exactly, figure, psql, row, scenario, shows, toast, value, whole } from "./stage.js";

scenario("stock adjusted by psql", async (stage) => {
  const owner = await stage.tab();
  const store = await stage.tab({ at: "/movements" });
  const shop = await stage.tab({ at: "/products" });
  await row(store, "movements").first().waitFor();
  await shop.getByRole("link", { name: "Skarn Tent" }).click();
  const tent = row(shop, "skus", "TENT-3P");
  await tent.waitFor();
  const moved = await figure(owner.getByTestId("movements-today"));
  const low = await figure(owner.getByTestId("low-stock"));
  const threshold = Number(await value("select low_stock_threshold from skus where sku = 'TENT-3P'"));
  await shows(
    () =>
      psql(`insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
              select tenant_id, id, 'adjustment', low_stock_threshold - quantity, 'eaten by moths' from skus where sku = 'TENT-3P'`),
    row(store, "movements", "Eaten by moths").filter({ hasText: "TENT-3P" }),
    toast(store, "stock:adjusted", "Eaten by moths"),
    toast(shop, "stock:adjusted", "Eaten by moths"),
    toast(shop, "alert:low-stock", "TENT-3P"),
    row(shop, "movements", "Eaten by moths"),
    exactly(tent, "quantity", whole.format(threshold)),
    row(owner, "alerts", "TENT-3P"),
    exactly(owner, "low-stock", whole.format(low + 1)),
    exactly(owner, "movements-today", whole.format(moved + 1)),
  );
});

scenario("orders created, fulfilled, cancelled and deleted by psql", async (stage) => {
  const owner = await stage.tab();
  const clerk = await stage.tab({ at: "/orders" });
  const open = await figure(owner.getByTestId("open-orders"));
  await row(clerk, "orders").first().waitFor();
  const order = row(clerk, "orders", "Mary Shelley");
  await shows(
    () => psql("insert into orders (tenant_id, customer, total) values (:'acme', 'Mary Shelley', 19.90)"),
    order.filter({ hasText: "Pending" }).filter({ hasText: "€19.90" }),
    row(owner, "latest-orders", "Mary Shelley"),
    toast(owner, "order:created", "Mary Shelley"),
    exactly(owner, "open-orders", whole.format(open + 1)),
  );
  for (const status of ["fulfilled", "cancelled"]) {
    const shown = status === "fulfilled" ? "Fulfilled" : "Cancelled";
    await shows(
      () => psql("update orders set status = :'status' where customer = 'Mary Shelley'", { status }),
      order.filter({ hasText: shown }),
      toast(clerk, `order:${status}`, "Mary Shelley"),
      row(owner, "latest-orders", "Mary Shelley").filter({ hasText: shown }),
      exactly(owner, "open-orders", whole.format(open)),
    );
  }
  await psql("delete from orders where customer = 'Mary Shelley'");
  await order.waitFor({ state: "detached" });
});

scenario("goods received by psql", async (stage) => {
  const owner = await stage.tab();
  const buyer = await stage.tab({ at: "/purchase-orders" });
  const store = await stage.tab({ at: "/movements" });
  await row(store, "movements").first().waitFor();
  const worth = await figure(owner.getByTestId("inventory-value"));
  const cost = Number(await value("select cost from skus where sku = 'COOK-DUO'"));
  await psql(`insert into purchase_orders (tenant_id, supplier_id, po_number, status, total)
                select tenant_id, id, 'PO-PSQL', 'sent', 386 from suppliers where name = 'Hearth & Hollow'`);
  const order = row(buyer, "purchase-orders", "PO-PSQL");
  await order.filter({ hasText: "Sent" }).waitFor();
  await shows(
    () =>
      psql(`begin;
            update purchase_orders set status = 'received' where po_number = 'PO-PSQL';
            insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reference)
              select tenant_id, id, 'purchase', 10, 'PO-PSQL' from skus where sku = 'COOK-DUO';
            commit`),
    order.filter({ hasText: "Received" }),
    toast(owner, "purchase-order:received", "PO-PSQL"),
    exactly(owner, "inventory-value", euros.format(worth + 10 * cost)),
    row(store, "movements", "PO-PSQL").filter({ hasText: "COOK-DUO" }).filter({ hasText: "+10" }),
  );
});
