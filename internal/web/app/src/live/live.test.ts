import type { FeedEvent } from "@rowcast/client";
import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Movement, Order, Product, PurchaseOrder } from "../api.ts";
import type { PageName } from "../router.tsx";
import type { News } from "../toast/toasts.ts";
import { changes } from "./changes.gen.ts";
import { keys, Live } from "./live.ts";

// The network: each path is answered with what it holds, when it is released.
const answers = new Map<string, unknown>();
const asked: string[] = [];
let hold: Promise<void> | undefined;

vi.mock("../session.ts", () => ({ getToken: () => Promise.resolve("token"), end: () => undefined }));
vi.stubGlobal("fetch", async (path: string) => {
  asked.push(path);
  const body = structuredClone(answers.get(path));
  await hold;
  return { ok: body !== undefined, status: body === undefined ? 404 : 200, json: () => Promise.resolve(body ?? {}) };
});

let position = 0;
const event = (name: string, data: unknown, more: Partial<FeedEvent> = {}): FeedEvent =>
  ({
    event: name,
    tenantId: "T",
    position: ++position,
    cursor: `c${position}`,
    at: "2026-01-02T03:04:05.000000Z",
    data,
    ...more,
  }) as FeedEvent;

const orderRow = (id: string, status = "pending", second = 5) => ({
  id,
  tenant_id: "T",
  order_number: `SO-${id}`,
  customer: "Mira",
  status,
  warehouse: "main",
  total: 12.5,
  created_at: "2026-01-02T03:04:05+00:00",
  updated_at: `2026-01-02T03:04:0${second}+00:00`,
});
const order = (id: string, status = "pending", items = 1): Order => ({
  id,
  number: `SO-${id}`,
  customer: "Mira",
  status,
  warehouse: "main",
  total: "12.50",
  createdAt: "2026-01-02T03:04:05.000000Z",
  updatedAt: "2026-01-02T03:04:05.000000Z",
  items,
});
const movementRow = (id: string, sku = "s1") => ({
  id,
  tenant_id: "T",
  sku_id: sku,
  movement_type: "adjustment",
  quantity: -3,
  reason: "damaged",
  reference: "",
  created_by: null,
  created_at: "2026-01-02T03:04:05+00:00",
  updated_at: "2026-01-02T03:04:05+00:00",
});
const product: Product = {
  id: "p1",
  name: "Tent",
  category: "Camp",
  skus: [
    {
      id: "s1",
      sku: "TENT-2",
      name: "Two persons",
      quantity: 9,
      threshold: 3,
      warehouse: "main",
      price: "10.00",
      cost: "5.00",
    },
  ],
};

describe("Live", () => {
  let live: Live;
  let page: PageName;
  let news: News[];

  beforeEach(() => {
    vi.useFakeTimers();
    page = "dashboard";
    news = [];
    asked.length = 0;
    answers.clear();
    hold = undefined;
    live = new Live(
      () => page,
      (some) => news.push(...some),
    );
  });
  afterEach(() => {
    live.stop();
    vi.useRealTimers();
  });

  const orders = () => live.queries.getQueryData<Order[]>(keys.orders) ?? [];
  /** Shows a list, as a page does. */
  const watch = async (queryKey: readonly unknown[], queryFn: () => Promise<unknown>) => {
    const end = new QueryObserver(live.queries, { queryKey, queryFn }).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    return end;
  };

  it("inserts, updates and deletes orders as the events say", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    await watch(keys.orders, live.orders);
    live.apply([event("order:created", orderRow("2"))]);
    expect(orders().map((o) => [o.number, o.total, o.items])).toEqual([
      ["SO-2", "12.50", undefined],
      ["SO-1", "12.50", 1],
    ]);
    live.apply([event("order:updated", orderRow("1", "fulfilled", 6))]);
    expect(orders()[1]).toMatchObject({ status: "fulfilled", items: 1 });
    live.apply([event("order:deleted", orderRow("1", "fulfilled", 6))]);
    expect(orders().map((o) => o.id)).toEqual(["2"]);
  });

  it("reads again what an event does not have, once for many", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    await watch(keys.orders, live.orders);
    live.apply([event("order:created", orderRow("2")), event("order:created", orderRow("3"))]);
    answers.set("/api/orders?limit=50", [order("3", "pending", 4), order("2", "pending", 2), order("1")]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(orders().map((o) => o.items)).toEqual([4, 2, 1]);
    expect(asked).toHaveLength(2);
  });

  describe("the open orders", () => {
    const path = "/api/orders?limit=50&status=pending,processing";
    const openOrders = () => live.queries.getQueryData<Order[]>(keys.openOrders())?.map((o) => `${o.id} ${o.status}`);

    it("enter and leave as their feed says, and the others stay in the list of all", async () => {
      answers.set("/api/orders?limit=50", [order("2"), order("1", "fulfilled")]);
      answers.set(path, [order("2")]);
      await watch(keys.orders, live.orders);
      await watch(keys.openOrders(), () => live.openOrders());
      live.applyOpen([
        event("order:created", orderRow("3")),
        event("order:updated", orderRow("1", "pending", 6), { match: "entered" }),
        event("order:updated", orderRow("2", "pending", 6), { match: "left" }),
        event("order:updated", orderRow("3", "processing", 6)),
        event("order:bulk", { operation: "update", table: "orders", count: 9, from: 1, to: 9 }),
      ]);
      expect(openOrders()).toEqual(["1 pending", "3 processing"]);
      expect(orders().map((o) => `${o.id} ${o.status}`)).toEqual(["2 pending", "1 fulfilled"]);
      live.applyOpen([event("order:deleted", orderRow("1")), event("order:replayed", orderRow("3", "pending", 7))]);
      expect(openOrders()).toEqual(["3 pending"]);
    });

    it("are read again when one has entered or left, as its place is not told", async () => {
      answers.set(path, [order("3"), order("2")]);
      await watch(keys.openOrders(), () => live.openOrders());
      live.applyOpen([event("order:updated", orderRow("3", "pending", 6))]);
      await vi.advanceTimersByTimeAsync(2000);
      expect(asked).toEqual([path]);
      live.applyOpen([event("order:updated", orderRow("1", "pending", 6), { match: "entered" })]);
      answers.set(path, [order("3"), order("2"), order("1")]);
      await vi.advanceTimersByTimeAsync(2000);
      expect(openOrders()).toEqual(["3 pending", "2 pending", "1 pending"]);
      expect(asked).toHaveLength(2);
    });

    it("of a warehouse are a list of their own", async () => {
      const annex = `${path}&warehouse=annex%202`;
      answers.set(path, [order("2"), order("1")]);
      answers.set(annex, [order("1")]);
      await watch(keys.openOrders(), () => live.openOrders());
      let release = () => {};
      hold = new Promise((done) => (release = done));
      await watch(keys.openOrders("annex 2"), () => live.openOrders("annex 2"));
      live.applyOpen([event("order:updated", orderRow("2", "pending", 6), { match: "left" })]);
      live.applyOpen([event("order:created", orderRow("3"))], "annex 2");
      release();
      await vi.advanceTimersByTimeAsync(0);
      const list = live.queries.getQueryData<Order[]>(keys.openOrders("annex 2"));
      expect(list?.map(({ id }) => id)).toEqual(["3", "1"]);
      expect(openOrders()).toEqual(["1 pending"]);
      expect(asked).toEqual([path, annex]);
    });

    it("have what left while they were read taken out of the older answer", async () => {
      answers.set(path, [order("2"), order("1")]);
      let release = () => {};
      hold = new Promise((done) => (release = done));
      await watch(keys.openOrders(), () => live.openOrders());
      live.applyOpen([event("order:updated", orderRow("1", "pending", 6), { match: "left" })]);
      release();
      await vi.advanceTimersByTimeAsync(0);
      expect(openOrders()).toEqual(["2 pending"]);
    });
  });

  it("applies events that came while the list was read to the older answer", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    let release = () => {};
    hold = new Promise((done) => (release = done));
    await watch(keys.orders, live.orders);
    live.apply([event("order:created", orderRow("2")), event("order:updated", orderRow("1", "cancelled", 7))]);
    expect(orders()).toEqual([]);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(orders().map((o) => [o.id, o.status])).toEqual([
      ["2", "pending"],
      ["1", "cancelled"],
    ]);
  });

  it("lets a reading end and reads once more, however many events come", async () => {
    answers.set("/api/dashboard", { openOrders: 1 });
    await watch(keys.dashboard, async () => (await fetch("/api/dashboard")).json());
    let release = () => {};
    hold = new Promise((done) => (release = done));
    for (let i = 0; i < 30; i++) {
      live.apply([event("dashboard:stats-updated", { reasons: ["orders"] })]);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toHaveLength(2);
    answers.set("/api/dashboard", { openOrders: 2 });
    hold = undefined;
    release();
    await vi.advanceTimersByTimeAsync(1200);
    expect(live.queries.getQueryData(keys.dashboard)).toEqual({ openOrders: 2 });
    expect(asked).toHaveLength(3);
  });

  it("corrects a row that is sent again, and has the list read", async () => {
    answers.set("/api/orders?limit=50", [order("1", "processing")]);
    await watch(keys.orders, live.orders);
    live.apply([event("order:replayed", orderRow("1", "fulfilled")), event("order:replayed", orderRow("0"))]);
    expect(orders().map((o) => [o.id, o.status])).toEqual([["1", "fulfilled"]]);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toHaveLength(2);
  });

  it("names the sku of a movement, in every list that it belongs to", async () => {
    answers.set("/api/products", [product]);
    answers.set("/api/stock-movements?limit=100", []);
    answers.set("/api/stock-movements?limit=100&sku=TENT-2", []);
    answers.set("/api/stock-movements?limit=100&sku=OTHER", []);
    await watch(keys.products, live.products);
    for (const sku of [undefined, "TENT-2", "OTHER"]) await watch(keys.movements(sku), () => live.movements(sku));
    live.apply([event("stock-movement:created", movementRow("m1"))]);
    const list = (sku?: string) => live.queries.getQueryData<Movement[]>(keys.movements(sku));
    expect(list()).toMatchObject([{ id: "m1", sku: "TENT-2", name: "Tent, Two persons", quantity: -3 }]);
    expect(list("TENT-2")).toHaveLength(1);
    expect(list("OTHER")).toHaveLength(0);
  });

  it("reads products and movements again when a movement is of an unknown sku", async () => {
    answers.set("/api/products", [product]);
    answers.set("/api/stock-movements?limit=100", []);
    await watch(keys.products, live.products);
    await watch(keys.movements(), () => live.movements());
    live.apply([event("stock-movement:created", movementRow("m1", "s9"))]);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toHaveLength(4);
  });

  it("keeps the quantities of skus", async () => {
    answers.set("/api/products", [product]);
    await watch(keys.products, live.products);
    const row = {
      id: "s1",
      sku: "TENT-2",
      name: "Two persons",
      quantity: 4,
      low_stock_threshold: 5,
      price: 10,
      cost: 5,
    };
    live.apply([event("sku:updated", row)]);
    const [p] = live.queries.getQueryData<Product[]>(keys.products) ?? [];
    expect(p?.skus[0]).toMatchObject({ quantity: 4, threshold: 5, price: "10.00" });
  });

  it("reads again after bulk and truncate", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    await watch(keys.orders, live.orders);
    answers.set("/api/orders?limit=50", []);
    live.apply([event("order:truncated", { table: "orders" })]);
    await vi.advanceTimersByTimeAsync(500);
    expect(orders()).toEqual([]);
  });

  it("knows purchase orders by their supplier", async () => {
    answers.set("/api/purchase-orders?limit=50", []);
    answers.set("/api/suppliers", [{ id: "v", name: "Alder" }]);
    await watch(keys.suppliers, async () => (await fetch("/api/suppliers")).json());
    await watch(keys.purchaseOrders, live.purchaseOrders);
    const row = { ...orderRow("7"), po_number: "PO-7", supplier_id: "v", expected_on: "2026-02-01" };
    live.apply([event("purchase-order:created", row)]);
    expect(live.queries.getQueryData<PurchaseOrder[]>(keys.purchaseOrders)).toMatchObject([
      { number: "PO-7", supplier: "Alder", expectedOn: "2026-02-01" },
    ]);
  });

  it.each(Object.keys(changes) as (keyof typeof changes)[])(
    "takes %s: it changes a list, or has one read",
    async (name) => {
      const list = {
        orders: "orders",
        purchase_orders: "purchase-orders",
        stock_movements: "movements",
        skus: "products",
      };
      const key = [list[changes[name].table]];
      const before = [{ ...product, ...order("1"), skus: [{ ...product.skus[0], id: "1" }] }];
      live.queries.setQueryData(key, before);
      const data = { ...orderRow("1", "cancelled", 7), ...movementRow(changes[name].says === "insert" ? "2" : "1") };
      live.apply([event(name, { ...data, price: 1, cost: 1 })]);
      const patched = live.queries.getQueryData(key) !== before;
      await vi.advanceTimersByTimeAsync(2000);
      expect({ name, taken: patched || live.queries.getQueryState(key)?.isInvalidated }).toEqual({ name, taken: true });
    },
  );

  it("shows what a policy lets in, and takes away what it does not show any more", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    answers.set("/api/products", [product]);
    await watch(keys.orders, live.orders);
    await watch(keys.products, live.products);
    live.apply([
      event("order:updated", orderRow("2"), { match: "entered" }),
      event("order:updated", orderRow("1"), { match: "left" }),
    ]);
    expect(orders().map((o) => o.id)).toEqual(["2"]);
    answers.set("/api/products", []);
    live.apply([event("sku:updated", { id: "s1" }, { match: "left" })]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(live.queries.getQueryData(keys.products)).toEqual([]);
  });

  it("leaves out the columns that an event does not have, and keeps what a list knows of them", async () => {
    const { total, ...masked } = orderRow("1", "fulfilled", 6);
    answers.set("/api/orders?limit=50", [order("1")]);
    await watch(keys.orders, live.orders);
    live.apply([event("order:updated", masked), event("order:created", { ...masked, id: "2" })]);
    expect(orders().map((o) => [o.id, o.status, o.total])).toEqual([
      ["2", "fulfilled", undefined],
      ["1", "fulfilled", "12.50"],
    ]);
    expect(JSON.stringify(orders())).not.toMatch(/undefined|NaN|null/);
  });

  it("reads everything again after a reset", async () => {
    answers.set("/api/orders?limit=50", [order("1")]);
    await watch(keys.orders, live.orders);
    answers.set("/api/orders?limit=50", [order("5")]);
    live.reload();
    await vi.advanceTimersByTimeAsync(0);
    expect(orders().map((o) => o.id)).toEqual(["5"]);
  });

  it("gives each page its news", () => {
    const status = { orderId: "1", status: "fulfilled", previousStatus: "pending", order: orderRow("1", "fulfilled") };
    const adjusted = { skuId: "s1", movementId: "m", quantity: -3, reason: "damaged", movement: movementRow("m") };
    const all = [
      event("order:created", orderRow("1")),
      event("order:status-changed", status),
      event("purchase-order:received", { ...orderRow("7"), po_number: "PO-7" }),
      event("stock:adjusted", adjusted),
      event("order:shipped", { id: "1", order_number: "SO-1", customer: "Mira", warehouse: "main" }),
      event("order:created", { ...orderRow("2"), total: undefined }),
    ];
    const shown: Record<string, string[]> = {};
    for (page of ["dashboard", "orders", "movements", "feed"] as const) {
      news.length = 0;
      live.apply(all);
      shown[page] = news.map((n) => `${n.title(1)}: ${n.detail()}`);
    }
    expect(shown).toEqual({
      dashboard: [
        "New order: SO-1 · Mira · €12.50",
        "Purchase order received: PO-7 · €12.50",
        "Order shipped: SO-1 · Mira · from main",
        "New order: SO-2 · Mira",
      ],
      orders: ["Order fulfilled: SO-1 · Mira"],
      movements: ["Stock adjusted: −3 · Damaged"],
      feed: [],
    });
  });
});
