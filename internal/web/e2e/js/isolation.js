// Nothing of a tenant reaches the browser of another.

import assert from "node:assert/strict";
import { acme, borealis, psql, row, scenario, shows, toast } from "./stage.js";

scenario("the other tenant sees and receives nothing", async (stage) => {
  const ours = await stage.tab({ at: "/orders" });
  const theirs = await stage.tab({ tenant: borealis, at: "/orders" });
  const feed = await stage.tab({ tenant: borealis, at: "/feed" });
  await row(theirs, "orders").first().waitFor();

  await shows(
    () =>
      psql(`insert into orders (tenant_id, customer) values (:'acme', 'Confidential customer');
            insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
              select tenant_id, id, 'adjustment', 1, 'confidential reason' from skus where tenant_id = :'acme';
            update orders set status = 'cancelled' where customer = 'Confidential customer';
            copy orders (tenant_id, customer) from stdin;
${acme.id}\tConfidential copy
\\.
`),
    row(ours, "orders", "Confidential customer").filter({ hasText: "Cancelled" }),
    row(ours, "orders", "Confidential copy"),
  );
  // The feed is in the order of the commits: with this one, those have passed.
  await shows(
    () => psql("insert into orders (tenant_id, customer) values (:'borealis', 'Marker')"),
    row(theirs, "orders", "Marker"),
    feed.getByTestId("events").getByRole("row").filter({ hasText: "Marker" }),
  );
  for (const page of [theirs, feed]) {
    const frames = stage.received(page);
    assert.ok(frames.some((text) => text.includes("Marker")));
    assert.deepEqual(
      frames.filter((text) => text.includes(acme.id) || /confidential/i.test(text)),
      [],
    );
    assert.deepEqual([...new Set(frames.flatMap((text) => JSON.parse(text).tenantId ?? []))], [borealis.id]);
  }
  for (const page of ["Orders", "Stock movements", "Dashboard"]) {
    await theirs.getByRole("navigation").getByRole("link", { name: page, exact: true }).click();
    await theirs.getByRole("heading", { name: page, level: 1 }).waitFor();
  }
  assert.equal(await theirs.getByText(/confidential/i).count(), 0);
  assert.equal(await toast(theirs, "order:created", /./).count(), 0);
});
