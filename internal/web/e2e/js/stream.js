// The feed page under load.

import { spawn } from "node:child_process";
import { connection, exactly, plain, psql, scenario } from "./stage.js";

/** @import { Page } from "playwright-core" */

const seconds = 10;
const statements = 10 * seconds;
/** Each is two events: 5,000 a second. The quantities add up to nothing, so no stock changes. */
const movements = 250;
const events = 2 * movements * statements;

/** A frame that takes longer than this fails the test, in milliseconds. It is no goal: machines of CI are slow. */
const bound = 5000;
const goal = 100;

scenario("5,000 events a second for 10 s", async (stage) => {
  const page = await stage.tab({ at: "/feed" });
  await page.getByTestId("feed-state").filter({ hasText: "live" }).waitFor();
  const stop = await measure(page);
  const took = await write();
  await exactly(page, "tally", "50,000 events").waitFor();
  const behind = performance.now();
  await psql("insert into orders (tenant_id, customer) values (:'acme', 'The end')");
  await page.getByTestId("events").getByText("The end").first().waitFor();
  const frames = await stop();
  const longest = Math.max(...frames);
  stage.remark(
    `${events} events in ${(took / 1000).toFixed(1)} s; of ${frames.length} frames the longest took ${longest.toFixed(0)} ms, ` +
      `${frames.filter((f) => f > goal).length} took more than ${goal} ms; the next event was shown after ${(performance.now() - behind).toFixed(0)} ms`,
  );
  if (longest > bound) throw new Error(`a frame took ${longest.toFixed(0)} ms`);
});

/** Begins to measure frames; the answer ends it and gives their lengths in milliseconds.
 * @param {Page} page */
async function measure(page) {
  const handle = await page.evaluateHandle(() => {
    const meter = { on: true, frames: /** @type {number[]} */ ([]) };
    let last = performance.now();
    const frame = (/** @type {number} */ now) => {
      meter.frames.push(now - last);
      last = now;
      if (meter.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return meter;
  });
  return () =>
    handle.evaluate((meter) => {
      meter.on = false;
      return meter.frames;
    });
}

/** Writes at the rate, and answers how many milliseconds it took. */
async function write() {
  const sql = `insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
    select s.tenant_id, s.id, 'adjustment', case when n % 2 = 0 then 1 else -1 end, 'stream'
      from skus s, generate_series(1, ${movements}) n where s.sku = 'GAS-450';\n`;
  const child = spawn("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", connection()], {
    env: plain(),
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
  const began = performance.now();
  let written = 0;
  // Late statements are made up for.
  const timer = setInterval(() => {
    for (const due = Math.min(statements, Math.floor((performance.now() - began) / 100)); written < due; written++)
      child.stdin.write(sql);
    if (written === statements) child.stdin.end();
  }, 20);
  const code = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`psql ended with ${code} after ${written} statements`);
  return performance.now() - began;
}
