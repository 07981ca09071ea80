// The picture of the README: a statement of psql, and two browsers that show it.

import { stat } from "node:fs/promises";
import assert from "node:assert/strict";
import { photograph, psql, row, scenario, shows, toast } from "./stage.js";

const statement = `insert into orders (tenant_id, customer, total)
values ('ac3e…', 'Ada Lovelace', 349)`;

scenario("the picture of the README", async (stage) => {
  const looks = { colorScheme: /** @type {const} */ ("light"), reducedMotion: /** @type {const} */ ("reduce") };
  const office = await stage.tab({ at: "/orders", context: { ...looks, viewport: { width: 1120, height: 924 } } });
  const owner = await stage.tab({ context: { ...looks, viewport: { width: 390, height: 466 } } });
  await row(office, "orders").first().waitFor();
  await owner.getByTestId("inventory-value").filter({ hasText: /\d/ }).waitFor();
  await office.mouse.move(500, 20); // over no row
  await shows(
    () => psql("insert into orders (tenant_id, customer, total) values (:'acme', 'Ada Lovelace', 349)"),
    row(office, "orders", "Ada Lovelace").filter({ hasText: "Pending" }),
    toast(owner, "order:created", "Ada Lovelace"),
  );
  const shot = async (/** @type {import("playwright-core").Page} */ page) =>
    `data:image/png;base64,${(await page.screenshot({ animations: "allow" })).toString("base64")}`;
  const [left, right] = await Promise.all([shot(office), shot(owner)]);

  const page = await stage.page("about:blank", { viewport: { width: 1280, height: 760 } });
  await page.setContent(`<style>
    body { margin: 0; background: #e4e9e4; font: 15px/1.5 ui-monospace, monospace }
    div { position: absolute; border-radius: 10px; overflow: hidden; box-shadow: 0 8px 28px #0003; background: #fff }
    b { display: block; height: 28px; background: #f4f5f2; border-bottom: 1px solid #dcdfda; box-sizing: border-box }
    b::before { content: "●●●"; font: 13px/27px sans-serif; letter-spacing: 5px; margin-left: 12px; color: #c2c7c0 }
    pre { margin: 12px 16px; white-space: pre-wrap; font-size: 14px } i { color: #0b7a68; font-style: normal }
    img { display: block }</style>
    <div style="left:24px;top:36px;width:800px;height:688px"><b></b><img width="800" src="${left}"></div>
    <div style="left:850px;top:36px;width:406px;height:216px"><b></b><pre><i>shop=#</i> ${statement};
INSERT 0 1
<i>shop=#</i> ▏</pre></div>
    <div style="left:850px;top:276px;width:406px;height:448px"><b></b><img width="406" src="${right}"></div>`);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));
  await photograph(page, "readme");
  const { size } = await stat(`${process.env["ROWCAST_SCREENSHOTS"]}/readme.png`);
  assert.ok(size < 200_000, `the picture has ${size} bytes`);
});
