import { expect, it } from "vitest";
import { paced, Pump } from "./pump.ts";

it("hands over batches in order, one a frame", () => {
  const frames: (() => void)[] = [];
  const batches: number[][] = [];
  const pump = new Pump<number>(
    (batch) => batches.push(batch),
    (callback) => frames.push(callback),
  );
  pump.push(1);
  pump.push(2);
  expect(frames).toHaveLength(1);
  frames.shift()?.();
  pump.push(3);
  frames.shift()?.();
  expect(batches).toEqual([[1, 2], [3]]);
  expect(frames).toHaveLength(0);
});

it("takes what is pushed while a batch is handed over into the next", () => {
  const frames: (() => void)[] = [];
  const batches: number[][] = [];
  const pump = new Pump<number>(
    (batch) => {
      batches.push(batch);
      if (batches.length === 1) pump.push(2);
    },
    (callback) => frames.push(callback),
  );
  pump.push(1);
  frames.shift()?.();
  frames.shift()?.();
  expect(batches).toEqual([[1], [2]]);
});

it("is paced: at once after a rest, otherwise not before the interval is over", async () => {
  let now = 0;
  let ran = 0;
  const schedule = paced(
    () => 20,
    (callback) => callback(),
    () => now,
  );
  schedule(() => ran++);
  expect(ran).toBe(1);
  now = 5;
  await new Promise<void>((done) => {
    schedule(() => {
      ran++;
      done();
    });
    expect(ran).toBe(1);
  });
  expect(ran).toBe(2);
});
