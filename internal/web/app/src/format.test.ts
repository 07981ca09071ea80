import { describe, expect, it } from "vitest";
import { ago, date, millis, money, plural, sentence, signed, sum, words } from "./format.ts";

describe("money", () => {
  it("keeps every digit", () => {
    expect(money("12345678901234567.89")).toBe("€12,345,678,901,234,567.89");
    expect(money("-0.50")).toBe("-€0.50");
    expect(money(12.5)).toBe("€12.50");
  });
  it("leaves alone what is no number", () => expect(money("NaN")).toBe("NaN"));
  it("adds up exactly", () => {
    expect(
      sum([
        { price: "0.10", quantity: 3 },
        { price: "9007199254740993.01", quantity: 1 },
      ]),
    ).toBe("9007199254740993.31");
    expect(sum([{ price: "7", quantity: 2 }])).toBe("14.00");
    expect(sum([])).toBe("0.00");
    expect(sum([{ quantity: 2 }, { price: "7", quantity: 2 }])).toBeUndefined();
    expect(money(undefined)).toBe("–");
  });
});

describe("time", () => {
  const now = Date.parse("2026-01-02T12:00:00Z");
  it.each([
    ["2026-01-02T11:59:30Z", "just now"],
    ["2026-01-02T12:00:30Z", "just now"],
    ["2026-01-02T11:58:00Z", "2 min ago"],
    ["2026-01-02T09:00:00Z", "3 h ago"],
    ["2025-12-31T12:00:00Z", "2 d ago"],
    ["2025-12-01T12:00:00Z", "1 Dec"],
    ["never", ""],
  ])("%s is %s", (iso, text) => expect(ago(iso, now)).toBe(text));
  it("takes a day for a day", () => {
    expect(date("2026-03-01")).toBe("1 Mar");
    expect(date(null)).toBe("–");
  });
  it.each([
    [0.4, "<1 ms"],
    [12.6, "13 ms"],
    [2500, "2.5 s"],
    [180_000, "3 min"],
  ])("%d ms is %s", (ms, text) => expect(millis(ms)).toBe(text));
});

it("signs quantities with a true minus", () => {
  expect([signed(1200), signed(-3), signed(0)]).toEqual(["+1,200", "−3", "0"]);
});

it("writes words", () => {
  expect(words("low-stock")).toBe("Low stock");
  expect(plural(1, "item")).toBe("1 item");
  expect(plural(2000, "item")).toBe("2,000 items");
  expect(sentence("no")).toBe("No");
});
