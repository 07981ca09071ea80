// What every scenario uses: tabs of Chromium on the demo, psql, and the demo's
// life and death. Scenarios wait for what has to be there, and never for time.

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

/** @import { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core" */

const run = promisify(execFile);

/** @param {string} name */
function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these programs are run by "go test"`);
  return value;
}

export const url = setting("ROWCAST_URL");
export const examples = setting("ROWCAST_EXAMPLES");
let dsn = setting("ROWCAST_DSN");

export const acme = { id: "ac3e0000-0000-4000-8000-000000000001", name: "Acme Outdoor" };
export const borealis = { id: "b0ea1150-0000-4000-8000-000000000002", name: "Borealis Coffee" };

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

/** How long something may take that has to happen, in milliseconds. It decides nothing but when to give up. */
const patience = 60_000;

/** @type {Browser} */
let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: setting("ROWCAST_CHROMIUM") });
});
after(() => browser?.close());

/**
 * A test with a stage. Whatever its tabs complain about fails it.
 * @param {string} name
 * @param {(stage: Stage) => Promise<void>} play
 */
export function scenario(name, play) {
  test(name, async (t) => {
    const stage = new Stage((text) => t.diagnostic(text));
    try {
      await play(stage);
      stage.checkQuiet();
    } catch (error) {
      await stage.photograph(`failed ${name}`);
      throw error;
    } finally {
      await stage.close();
    }
  });
}

/** @typedef {{tenant?: {name: string}, user?: {name: string}, at?: string, context?: BrowserContextOptions}} TabOptions */

class Stage {
  /** @type {BrowserContext[]} */
  #contexts = [];
  /** @type {string[]} */
  #complaints = [];
  /** @type {RegExp[]} */
  #expected = [];
  /** @type {Map<Page, string[]>} */
  #frames = new Map();

  /** @param {(text: string) => void} remark says something in the output of the test */
  constructor(remark) {
    this.remark = remark;
  }

  /**
   * A tab of somebody who has just logged in, with the feed live: of the owner, if no user is given.
   * @param {TabOptions} [options]
   */
  async tab({ tenant = acme, user, at = "/", context } = {}) {
    const page = await this.page(url + at, context);
    await logIn(page, tenant, user);
    return page;
  }

  /**
   * A page in a profile of its own.
   * @param {string} address
   * @param {BrowserContextOptions} [options]
   */
  async page(address, options) {
    const context = await browser.newContext({ viewport: desktop, ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(patience);
    await context.exposeBinding("complain", (_source, text) => this.#complaints.push(text));
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (e) => {
        /** @type {any} */ (window).complain(
          `policy: ${e.violatedDirective} forbids ${e.blockedURI} in ${e.sourceFile}:${e.lineNumber}`,
        );
      });
    });
    context.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.#complaints.push(`exception: ${error.error().stack}`));
    const page = await context.newPage();
    /** @type {string[]} */
    const frames = [];
    this.#frames.set(page, frames);
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
    await page.goto(address);
    return page;
  }

  /**
   * What a page received by WebSocket so far.
   * @param {Page} page
   */
  received(page) {
    return this.#frames.get(page) ?? [];
  }

  /**
   * Complaints that this scenario provokes, such as those of a lost connection.
   * @param {...RegExp} patterns
   */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  checkQuiet() {
    const rest = this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    if (rest.length > 0) throw new Error(`the pages complain:\n${rest.join("\n")}`);
  }

  /** @param {string} name */
  async photograph(name) {
    let n = 0;
    for (const page of this.#contexts.flatMap((context) => context.pages())) {
      await photograph(page, `${name} ${++n}`).catch(() => {}); // it is to explain an error, not to hide it
    }
  }

  async close() {
    await Promise.all(this.#contexts.map((context) => context.close()));
  }
}

/**
 * @param {Page} page
 * @param {{name: string}} tenant
 * @param {{name: string}} [user]
 */
async function logIn(page, tenant, user) {
  await page.getByTestId("tenant").selectOption({ label: tenant.name });
  if (user) await page.getByTestId("user").selectOption({ label: user.name });
  await page.getByTestId("login").click();
  await live(page);
}

/** Waits until the feed of a tab is live.
 * @param {Page} page */
export const live = (page) =>
  page.locator('[data-testid=connection][data-state="Live"]').waitFor({ state: "attached" });

/**
 * Does something, and waits for everything that has to be seen then. What was
 * seen may have gone again, as notifications do.
 * @param {() => Promise<unknown>} act
 * @param {...Locator} signs
 */
export const shows = (act, ...signs) => Promise.all([...signs.map((sign) => sign.waitFor()), act()]);

/** The notification of a kind that says something.
 * @param {Page} page @param {string} kind @param {string | RegExp} text */
export const toast = (page, kind, text) =>
  page.locator(`[data-testid=toast][data-kind="${kind}"]`).filter({ hasText: text });

/** The rows of a list, or its only row that says something.
 * @param {Page} page @param {string} list @param {string | RegExp} [text] */
export const row = (page, list, text) =>
  page
    .getByTestId(list)
    .locator("tr[data-id], li")
    .filter(text === undefined ? {} : { hasText: text });

/** An element that says this and nothing else.
 * @param {Page | Locator} within @param {string} testId @param {string} text */
export const exactly = (within, testId, text) =>
  within.getByTestId(testId).filter({ hasText: new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) });

/** The number that an element shows, of euros or pieces.
 * @param {Locator} element */
export async function figure(element) {
  await element.filter({ hasText: /\d/ }).waitFor();
  return Number((await element.textContent())?.replace("−", "-").replace(/[^\d.-]/g, ""));
}

export const euros = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" });
export const whole = new Intl.NumberFormat("en-GB");

/**
 * Runs SQL with psql and answers the rows, fields separated by "|".
 * @param {string} sql
 * @param {Record<string, string>} [variables] for :'name' in the SQL
 */
export async function psql(sql, variables = {}) {
  const set = Object.entries({ acme: acme.id, borealis: borealis.id, ...variables }).flatMap(([k, v]) => [
    "-v",
    `${k}=${v}`,
  ]);
  const child = run("psql", ["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", ...set, "-d", dsn], { env: plain() });
  child.child.stdin?.end(sql);
  const { stdout } = await child;
  return stdout.trim().split("\n").filter(Boolean);
}

/** The only value that a query answers.
 * @param {string} sql @param {Record<string, string>} [variables] */
export async function value(sql, variables) {
  const rows = await psql(sql, variables);
  if (rows.length !== 1 || rows[0] === undefined) throw new Error(`${rows.length} rows from ${sql}`);
  return rows[0];
}

/** The environment, without what would lead psql elsewhere. */
export function plain() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG")));
}

export const connection = () => dsn;

/**
 * Has something done to the demo: kill it with -9, start it again, or open the
 * door to it, through which browsers come.
 * @param {"kill" | "start" | "open"} order
 */
export async function demo(order) {
  const answer = await fetch(`${setting("ROWCAST_CONTROL")}/${order}`, { method: "POST" });
  if (!answer.ok) throw new Error(`${order}: ${await answer.text()}`);
  ({ dsn } = /** @type {{dsn: string}} */ (await answer.json()));
}

/** Keeps a picture of what is visible.
 * @param {Page} page @param {string} name */
export async function photograph(page, name) {
  const folder = setting("ROWCAST_SCREENSHOTS");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name.replace(/[^\w-]+/g, "-")}.png`, animations: "disabled" });
}
