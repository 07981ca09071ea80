import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { longest, most, quiet, stay, Toasts, type News } from "./toasts.ts";

const news = (kind: string, detail = kind): News => ({ kind, title: (n) => `${n} ${kind}`, detail: () => detail });
const titles = (toasts: Toasts) => toasts.shown.get().map((t) => t.title(t.count));

describe("Toasts", () => {
  let toasts: Toasts;
  beforeEach(() => {
    vi.useFakeTimers();
    toasts = new Toasts();
  });
  afterEach(() => vi.useRealTimers());

  it("counts news of one kind in one toast, with the latest detail", () => {
    toasts.push([news("order", "first"), news("order", "second")]);
    toasts.push([news("order", "third")]);
    expect(titles(toasts)).toEqual(["3 order"]);
    expect(toasts.shown.get()[0]?.detail).toBe("third");
  });

  it("asks only the latest of a flood for its detail", () => {
    let asked = 0;
    const many = Array.from({ length: 1000 }, () => ({ ...news("order"), detail: () => `asked ${++asked}` }));
    toasts.push(many);
    expect(asked).toBe(1);
    expect(titles(toasts)).toEqual(["1000 order"]);
  });

  it("shows no more than a few; the oldest gives way", () => {
    toasts.push(["a", "b", "c", "d"].map((kind) => news(kind)));
    expect(titles(toasts)).toEqual(["1 b", "1 c", "1 d"]);
    expect(toasts.shown.get()).toHaveLength(most);
  });

  it("lets them go by themselves, each in its time", () => {
    toasts.push([news("a")]);
    vi.advanceTimersByTime(stay / 2);
    toasts.push([news("b")]);
    vi.advanceTimersByTime(stay / 2);
    expect(titles(toasts)).toEqual(["1 b"]);
    vi.advanceTimersByTime(stay / 2);
    expect(titles(toasts)).toEqual([]);
  });

  it("ends a toast whose news never end, and begins to count anew", () => {
    for (let t = 0; t < longest; t += 500) {
      toasts.push([news("a")]);
      vi.advanceTimersByTime(500);
    }
    expect(titles(toasts)).toEqual([]);
    toasts.push([news("a")]);
    expect(titles(toasts)).toEqual(["1 a"]);
  });

  it("keeps them while they are held", () => {
    toasts.push([news("a")]);
    toasts.hold(true);
    vi.advanceTimersByTime(10 * stay);
    expect(titles(toasts)).toEqual(["1 a"]);
    toasts.hold(false);
    vi.advanceTimersByTime(1);
    expect(titles(toasts)).toEqual([]);
  });

  it("does not hold on when the toast under the pointer is dismissed", () => {
    toasts.push([news("a"), news("b")]);
    toasts.hold(true);
    toasts.dismiss(toasts.shown.get()[0]?.id ?? 0);
    vi.advanceTimersByTime(stay);
    expect(titles(toasts)).toEqual([]);
  });

  it("speaks of a kind at once, and then seldom", () => {
    const said: string[] = [];
    toasts.said.watch(() => said.push(toasts.said.get()));
    for (let t = 0; t <= quiet; t += quiet / 8) {
      toasts.push([news("a", `at ${t}`)]);
      vi.advanceTimersByTime(quiet / 8);
    }
    expect(said).toEqual(["1 a: at 0", `9 a: at ${quiet}`]);
  });
});
