import type { EventData, FeedEvent } from "@rowcast/client";
import { money, plural, signed, words } from "../format.ts";
import type { PageName } from "../router.tsx";
import type { News } from "../toast/toasts.ts";

/** Which events are news on which page. What a page shows anyway is none. */
const interests: Partial<Record<PageName, readonly string[]>> = {
  dashboard: ["order:created", "order:shipped", "purchase-order:received"],
  orders: ["order:status-changed"],
  movements: ["stock:adjusted"],
  "purchase-orders": ["purchase-order:status-changed"],
  products: ["stock:adjusted", "alert:low-stock"],
};

/** The toast of an event on a page, if it is news there. */
export function newsOf(event: FeedEvent, page: PageName, skuOf: (id: string) => string | undefined): News | undefined {
  if (!interests[page]?.includes(event.event)) return undefined;
  const make = makers[event.event as keyof typeof makers] as (data: unknown, sku: typeof skuOf) => News;
  return make(event.data, skuOf);
}

/** The data of an event that the policy of the demo adds to the catalogue. */
interface Shipped {
  id: string;
  order_number: string;
  customer: string;
  warehouse: string;
}

type Data<N extends Reported> = N extends keyof EventData ? EventData[N] : Shipped;

type Reported =
  | "order:created"
  | "order:shipped"
  | "order:status-changed"
  | "purchase-order:received"
  | "purchase-order:status-changed"
  | "stock:adjusted"
  | "alert:low-stock";

/** What there is of these; what somebody does not see is left out. */
const line = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(" · ");

const price = (amount: number | undefined): string => (amount === undefined ? "" : money(amount));

const makers: { [N in Reported]: (data: Data<N>, sku: (id: string) => string | undefined) => News } = {
  "order:created": (o) => ({
    kind: "order:created",
    title: (n) => (n === 1 ? "New order" : plural(n, "new order")),
    detail: () => line(o.order_number, o.customer, price(o.total)),
    to: `/orders/${o.id}`,
  }),
  "order:shipped": (o) => ({
    kind: "order:shipped",
    title: (n) => (n === 1 ? "Order shipped" : `${plural(n, "order")} shipped`),
    detail: () => line(o.order_number, o.customer, o.warehouse && `from ${o.warehouse}`),
    tone: "good",
    to: `/orders/${o.id}`,
  }),
  "order:status-changed": ({ order, status }) => ({
    kind: `order:${status}`,
    title: (n) => (n === 1 ? `Order ${status}` : `${plural(n, "order")} ${status}`),
    detail: () => line(order.order_number, order.customer),
    tone: status === "cancelled" ? "warn" : "good",
    to: `/orders/${order.id}`,
  }),
  "purchase-order:received": (po) => ({
    kind: "purchase-order:received",
    title: (n) => (n === 1 ? "Purchase order received" : `${plural(n, "purchase order")} received`),
    detail: () => line(po.po_number, price(po.total)),
    to: `/purchase-orders/${po.id}`,
  }),
  "purchase-order:status-changed": ({ purchaseOrder: po, status }) => ({
    kind: `purchase-order:${status}`,
    title: (n) => (n === 1 ? `Purchase order ${status}` : `${plural(n, "purchase order")} ${status}`),
    detail: () => line(po.po_number, price(po.total)),
    tone: status === "cancelled" ? "warn" : "good",
    to: `/purchase-orders/${po.id}`,
  }),
  "stock:adjusted": ({ skuId, quantity, reason }, sku) => ({
    kind: "stock:adjusted",
    title: (n) => (n === 1 ? "Stock adjusted" : plural(n, "stock adjustment")),
    detail: () => line(`${signed(quantity)}${sku(skuId) ? ` ${sku(skuId)}` : ""}`, words(reason)),
  }),
  "alert:low-stock": ({ sku, quantity, threshold }) => ({
    kind: "alert:low-stock",
    title: (n) => (n === 1 ? "Stock is low" : plural(n, "low-stock alert")),
    detail: () => `${sku} · ${quantity} left, threshold ${threshold}`,
    tone: "warn",
  }),
};
