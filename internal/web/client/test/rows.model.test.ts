import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFeed, type Row, type RowList } from "../src/index.js";
import { Desk } from "./desk.js";
import type { Mistake, WorldRow } from "./world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const byId = (rows: readonly any[]) => [...rows].sort((a, b) => a.id - b.id);

/** Draws an order of writers, seals, deliveries, loads, cuts and resets. Throws if a list is ever wrong. */
async function play(seed: number, mistake?: Mistake): Promise<void> {
  const wanted = seed % 2 ? ["open", "held"] : undefined;
  const desk = new Desk(seed, wanted, mistake);
  const { world } = desk;
  const { below } = desk.chance;
  vi.spyOn(Math, "random").mockImplementation(() => below(100) / 100);
  const feed = createFeed({
    url: "https://feed.test",
    tenantId: "T",
    getToken: () => "t",
    onReset: () => {},
    ...(wanted && { where: { order: { status: { in: wanted } } } }),
    WebSocket: desk.WebSocket,
    fetch: desk.fetch,
    log: () => {},
  });
  const list = feed.rows("order") as unknown as RowList;
  let wrong: unknown;
  const check = (what: () => void) => {
    try {
      what();
    } catch (error) {
      wrong ??= error;
    }
  };

  // Another one that goes by what has changed alone.
  const mirror = new Map<unknown, Row>();
  const right = () => {
    expect(byId([...mirror.values()])).toEqual(byId(list.rows));
    if (list.status.state !== "ready" || !desk.whole || desk.epoch !== world.epoch) return;
    // What is being delivered may be halfway through the events of a change.
    expect([desk.sent - 1, desk.sent].map((at) => byId(world.rowsAt(desk.whole!, at)))).toContainEqual(byId(list.rows));
  };
  const unsubscribe = list.subscribe((changes) =>
    check(() => {
      for (const change of changes) {
        if (change.type === "load") mirror.clear();
        if (change.type === "load") for (const row of change.rows) mirror.set(row["id"], row as Row);
        if (change.type === "put") expect(mirror.get((change.row as any).id)).toEqual(change.before);
        if (change.type === "put") mirror.set((change.row as any).id, change.row as Row);
        if (change.type === "drop") expect(mirror.delete((change.row as any).id)).toBe(true);
      }
    }),
  );
  feed.connect();
  const epochs: Promise<unknown>[] = [];

  const acts = [
    () => world.write(),
    () => world.write(),
    () => world.write(),
    () => {
      const tx = world.end();
      if (tx === undefined || mistake || below(3) || desk.epoch !== world.epoch) return;
      const epoch = world.epoch;
      const waited = list.awaitTx(String(tx), 1e9).then(() => {
        if (epoch === world.epoch && list.status.state === "ready" && desk.whole)
          check(() =>
            expect(desk.whole!.sees(tx) || world.log.slice(0, desk.sent).some((op) => op.tx === tx)).toBe(true),
          );
      });
      epochs.push(Promise.race([waited, new Promise<void>((go) => (gone[epoch] ??= []).push(go))]));
    },
    () => world.end(),
    () => world.seal(),
    () => desk.deliver(1 + below(3)),
    () => desk.deliver(1 + below(3)),
    () => desk.answer(),
    () => desk.answer(),
    () => desk.answer(),
    () => desk.progress(),
    () => below(4) === 0 && desk.cut(),
    () => below(6) === 0 && desk.answers[0]?.cut(),
    () => below(6) === 0 && desk.answers[0]?.refuse(429, "rate-limited", { "Retry-After": "2" }),
    () => below(6) === 0 && desk.answers[0]?.stop("unavailable"),
    () => below(8) === 0 && world.forget(),
    () => below(4) === 0 && world.save(),
    () => below(8) === 0 && (gone[world.epoch]?.forEach((go) => go()), desk.restore()),
  ];
  const gone: (() => void)[][] = [];
  for (let n = 0; n < 150; n++) {
    acts[below(acts.length)]!();
    await vi.advanceTimersByTimeAsync(below(4) ? 0 : below(700));
    check(right);
    desk.answers = desk.answers.filter(({ over }) => !over);
    if (wrong) break;
  }
  for (let n = 0; n < 200 && !wrong; n++) {
    world.end();
    world.seal();
    desk.deliver(Infinity);
    while (desk.answers.length) desk.answer();
    await vi.advanceTimersByTimeAsync(1_000);
    if (world.quiet && list.status.state === "ready" && desk.sent === world.log.length && n > 40) break;
  }
  check(() => {
    expect(list.status).toEqual({ state: "ready" });
    expect(byId(list.rows)).toEqual(byId(world.rows() as WorldRow[]));
    right();
  });
  if (!wrong) await Promise.all(epochs);
  unsubscribe();
  await vi.advanceTimersByTimeAsync(0);
  feed.close();
  if (wrong) throw wrong;
}

const seeds = Number(process.env["ROWCAST_SEEDS"] ?? 300);
/** Nothing should take so long. */
const bound = 3_600_000;

describe("the rows of a list", () => {
  it(
    `are those of the table, whatever comes between (${seeds} orders)`,
    async () => {
      for (let seed = 0; seed < seeds; seed++)
        await play(seed).catch((error) => {
          throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
        });
    },
    bound,
  );

  it.each<Mistake>([
    "snapshot ignored",
    "rows before their snapshot",
    "left ignored",
    "previous ignored",
    "bulk ignored",
    "truncated ignored",
    "reset ignored",
    "replayed is updated",
  ])("would be wrong with a mistake, and that is found: %s", async (mistake) => {
    let found = false;
    for (let seed = 0; seed < 200 && !found; seed++)
      found = await play(seed, mistake).then(
        () => false,
        () => true,
      );
    expect(found).toBe(true);
  });
});
