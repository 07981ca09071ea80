// Every page, in light and dark, on a desk and in a hand: pictures of it, what
// axe-core says, and nothing that scrolls sideways.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { desktop, examples, phone, photograph, psql, row, scenario, url } from "./stage.js";

/** @import { Page } from "playwright-core" */

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const theme of /** @type {const} */ (["light", "dark"])) {
  scenario(`every page in ${theme}`, async (stage) => {
    const look = { colorScheme: theme, reducedMotion: /** @type {const} */ ("reduce") };
    /** What is wrong, and where. @type {Map<string, string[]>} */
    const found = new Map();
    /** @param {Page} page @param {string} name */
    const check = async (page, name) => {
      // What is small differs in form, not in color.
      for (const size of theme === "light" ? [phone, desktop] : [desktop]) {
        await page.setViewportSize(size);
        const label = `${name} ${theme} ${size.width}`;
        for (const text of await inspect(page)) found.set(text, [...(found.get(text) ?? []), label]);
        await photograph(page, label);
      }
    };

    const login = await stage.page(url, look);
    await login.getByTestId("login").waitFor();
    await check(login, "login");

    const page = await stage.tab({ context: look });
    /** @param {string} name */
    const go = async (name) => {
      await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
    };
    const close = async () => {
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    const figures = page.getByTestId("inventory-value").filter({ hasText: /\d/ });
    await figures.waitFor();
    await row(page, "alerts").first().waitFor();
    await row(page, "latest-orders").getByRole("link").first().waitFor();
    await check(page, "dashboard");

    await go("Orders");
    await row(page, "orders").first().waitFor();
    await check(page, "orders");
    await row(page, "orders", "Pending").first().getByRole("link").click();
    await page.getByTestId("cancel").click();
    await page.getByTestId("confirm-cancel").waitFor();
    await check(page, "order");
    await close();
    await page.getByTestId("new-order").click();
    await page.getByTestId("line-sku").selectOption({ index: 1 });
    await check(page, "new order");
    await close();

    await go("Stock movements");
    await row(page, "movements").first().waitFor();
    await check(page, "movements");

    await go("Purchase orders");
    await row(page, "purchase-orders").first().waitFor();
    await check(page, "purchase orders");
    await row(page, "purchase-orders").first().getByRole("link").click();
    await page.getByRole("dialog").getByText("Supplier", { exact: true }).waitFor();
    await check(page, "purchase order");
    await close();
    await page.getByTestId("new-purchase-order").click();
    await page.getByTestId("line-sku").selectOption({ index: 1 });
    await check(page, "new purchase order");
    await close();

    await go("Products");
    await row(page, "products").first().waitFor();
    await check(page, "products");
    await page.getByRole("link", { name: "Skarn Tent" }).click();
    await row(page, "movements").first().waitFor();
    await check(page, "product");
    await row(page, "skus").first().getByTestId("adjust").click();
    await check(page, "adjust");
    await close();

    await go("Feed");
    await page.getByText("Waiting for the first change").waitFor();
    await check(page, "feed without events");
    await psql(`insert into orders (tenant_id, customer, total) select :'acme', 'Customer ' || n, n from generate_series(1, 30) n;
                update orders set status = 'processing' where customer = 'Customer 7';
                delete from orders where customer like 'Customer %'`);
    await page.getByTestId("events").getByText("order:deleted").first().waitFor();
    await page.getByTestId("event-filter").selectOption("order:status-changed");
    await page.getByTestId("events").getByText("order:status-changed").click();
    await page.getByTestId("event-detail").waitFor();
    await check(page, "event");
    await page.getByTestId("event-filter").selectOption("");
    await page.getByRole("button", { name: "Close the event" }).click();
    await page.getByTestId("pause").click();
    await check(page, "feed");
    await page.getByTestId("hints").click();
    await page.getByRole("dialog").getByText("psql").first().waitFor();
    await check(page, "hints");
    await close();

    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await check(page, "shortcuts");
    await close();

    await page.goto(`${url}/nowhere`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await check(page, "missing");

    for (const name of ["socketio", "sse"])
      await check(await stage.page(`${examples}/${name}/`, look), `example ${name}`);
    if (found.size > 0)
      throw new Error([...found].map(([text, where]) => `${text}\n  (${where.join(", ")})`).join("\n"));
  });
}

/** What is wrong with the page as it is.
 * @param {Page} page */
async function inspect(page) {
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap((/** @type {any} */ v) =>
      v.nodes.map((/** @type {any} */ n) => `${v.id}: ${v.help}: ${n.html.slice(0, 160)}\n  ${n.failureSummary}`),
    );
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) found.push(`it is ${wide} pixels too wide`);
  return /** @type {string[]} */ (found);
}
