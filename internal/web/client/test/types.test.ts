import { expectTypeOf, it } from "vitest";
import type { DataOf, Feed, FeedEvent, FeedOptions, Order, Row, StockMovement, Where } from "../src/index.js";

// The compiler checks this file: a wrong type fails npm run check.
it("knows the data of every event", () => {
  expectTypeOf<DataOf<"order:created">>().toEqualTypeOf<Order>();
  expectTypeOf<DataOf<"order:status-changed">["order"]>().toEqualTypeOf<Order>();
  expectTypeOf<DataOf<"stock:adjusted">["movement"]>().toEqualTypeOf<StockMovement>();
  expectTypeOf<DataOf<"shop:created">>().toEqualTypeOf<Row>();
  expectTypeOf<DataOf<"shop:bulk">["count"]>().toEqualTypeOf<number>();
  expectTypeOf<DataOf<"shop:gone">>().toEqualTypeOf<unknown>();
  expectTypeOf<Order["total"]>().toEqualTypeOf<number>();

  (feed: Feed) => {
    feed.on("order:created", (order, event) => {
      expectTypeOf(order).toEqualTypeOf<Order>();
      expectTypeOf(event.data).toEqualTypeOf<Order>();
    });
    feed.on("shop:created", (row) => expectTypeOf(row).toEqualTypeOf<Row>());
    feed.on("order:*", (data) =>
      expectTypeOf(data).toEqualTypeOf<
        DataOf<"order:created" | "order:status-changed" | "order:bulk" | "order:truncated" | "order:unreadable">
      >(),
    );
    feed.on("shop:*", (data) =>
      expectTypeOf(data).toEqualTypeOf<DataOf<"shop:created" | "shop:bulk" | "shop:truncated" | "shop:unreadable">>(),
    );
    feed.on("order:*", (_, { event }) => event === "order:deleted");
    // @ts-expect-error no order is adjusted
    feed.on("order:*", (_, { event }) => event === "stock:adjusted");
    feed.on("shop:*", (_, { event }) => expectTypeOf(event).toEqualTypeOf<`shop:${string}`>());
    feed.on("*", (event) => expectTypeOf(event.position).toEqualTypeOf<number>());
    // @ts-expect-error orders have no such column
    feed.on("order:created", (order) => order.nonsense);
    expectTypeOf(feed.rows("order").rows).toEqualTypeOf<readonly Order[]>();
    expectTypeOf(feed.rows("shop", { where: { any: 5 } }).rows).toEqualTypeOf<readonly Row[]>();
    // @ts-expect-error orders have no such column
    feed.rows("order", { where: { nonsense: 1 } });
  };
});

it("wants a handler for resets, and patterns of events", () => {
  const options = { url: "/", tenantId: "T", getToken: () => "t" };
  // @ts-expect-error nobody may forget onReset
  ({ ...options }) satisfies FeedOptions;
  ({ ...options, onReset: () => {}, events: ["order:*", "*", "alert:low-stock"] }) satisfies FeedOptions;
  // @ts-expect-error no pattern
  ({ ...options, onReset: () => {}, events: ["orders"] }) satisfies FeedOptions;
});

it("knows the columns that a filter may name, and what they are compared with", () => {
  const bigint: { id: string | number } = { id: "9007199254740993" };
  ({ order: { status: { in: ["pending", "processing"] }, total: { gte: 10, lt: "20.50" } } }) satisfies Where;
  ({ order: [{ status: "open" }, { customer: { ne: null }, created_at: { gt: "2026-01-01" } }] }) satisfies Where;
  ({ "purchase-order": { expected_on: null }, shop: { anything: { eq: true }, ...bigint } }) satisfies Where;
  // @ts-expect-error orders have no such column
  ({ order: { nonsense: 1 } }) satisfies Where;
  // @ts-expect-error a status is no number
  ({ order: { status: 5 } }) satisfies Where;
  // @ts-expect-error there is no such operator
  ({ order: { status: { like: "o%" } } }) satisfies Where;
  // @ts-expect-error null is neither less nor greater
  ({ shop: { at: { lt: null } } }) satisfies Where;
  expectTypeOf<FeedEvent["match"]>().toEqualTypeOf<"entered" | "left" | undefined>();
});
