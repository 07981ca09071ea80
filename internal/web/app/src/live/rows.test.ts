import { describe, expect, it } from "vitest";
import { decimal, patched, patchedSkus, type Patch } from "./rows.ts";

interface Row {
  id: string;
  updatedAt?: string;
  status?: string;
  items?: number;
}

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
const insert = (id: string, more: Partial<Row> = {}): Patch<Row> => ({ op: "insert", row: { id, ...more } });
const update = (id: string, more: Partial<Row> = {}): Patch<Row> => ({ op: "update", row: { id, ...more } });
const ids = (rows: readonly Row[]) => rows.map((r) => r.id).join(" ");

describe("patched", () => {
  it("puts what is new on top, newest first, and keeps to the limit", () => {
    expect(ids(patched<Row>([{ id: "b" }, { id: "a" }], [insert("c"), insert("d")], 3, 1))).toBe("d c b");
  });

  it("lays an update over the row, which keeps what the update does not know", () => {
    const rows = patched<Row>([{ id: "a", status: "pending", items: 2 }], [update("a", { status: "fulfilled" })], 9, 7);
    expect(rows).toEqual([{ id: "a", status: "fulfilled", items: 2, touched: 7 }]);
  });

  it("does not know rows below the end of the list", () => {
    expect(ids(patched<Row>([{ id: "b" }], [update("a")], 9, 1))).toBe("b");
  });

  it("applies insert, update and delete of one row in their order", () => {
    const list: Row[] = [{ id: "a" }];
    expect(patched<Row>(list, [insert("b", { status: "x" }), update("b", { status: "y" })], 9, 1)[0]?.status).toBe("y");
    expect(ids(patched<Row>(list, [insert("b"), { op: "delete", row: { id: "b" } }], 9, 1))).toBe("a");
    expect(ids(patched<Row>(list, [{ op: "delete", row: { id: "a" } }], 9, 1))).toBe("");
  });

  it("never goes back to an older version", () => {
    const list: Row[] = [{ id: "a", updatedAt: at(5), status: "fulfilled" }];
    expect(patched<Row>(list, [update("a", { updatedAt: at(4), status: "pending" })], 9, 1)).toEqual(list);
    expect(patched<Row>(list, [insert("a", { updatedAt: at(3), status: "pending" })], 9, 1)).toEqual(list);
  });

  it("keeps the identity of the rows that nothing happened to", () => {
    const a = { id: "a" };
    expect(patched<Row>([a], [insert("b")], 9, 1)[1]).toBe(a);
  });
});

it("gives skus to the products that hold them", () => {
  const sku = {
    id: "s",
    sku: "S",
    name: "s",
    quantity: 1,
    threshold: 0,
    warehouse: "main",
    price: "1.00",
    cost: "1.00",
  };
  const products = [
    { id: "p", name: "P", category: "", skus: [sku] },
    { id: "q", name: "Q", category: "", skus: [] },
  ];
  const next = patchedSkus(products, new Map([["s", { ...sku, quantity: 5 }]]));
  expect(next[0]?.skus[0]?.quantity).toBe(5);
  expect(next[1]).toBe(products[1]);
  expect(patchedSkus(products, new Map())).toBe(products);
});

it("writes numerics as the API does", () => {
  expect(decimal(12.5)).toBe("12.50");
  expect(decimal("12345678901234567.89")).toBe("12345678901234567.89");
  expect(decimal(undefined)).toBeUndefined();
});
