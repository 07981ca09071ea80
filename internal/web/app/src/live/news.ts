import type { EventData, FeedEvent } from "@rowcast/client";
import { money, plural, signed, words } from "../format.ts";
import type { PageName } from "../router.tsx";
import type { News } from "../toast/toasts.ts";

/** Which events are news on which page. What a page shows anyway is none. */
const interests: Partial<Record<PageName, readonly string[]>> = {
  dashboard: ["order:created", "purchase-order:received"],
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

type Reported =
  | "order:created"
  | "order:status-changed"
  | "purchase-order:received"
  | "purchase-order:status-changed"
  | "stock:adjusted"
  | "alert:low-stock";

const makers: { [N in Reported]: (data: EventData[N], sku: (id: string) => string | undefined) => News } = {
  "order:created": (o) => ({
    kind: "order:created",
    title: (n) => (n === 1 ? "New order" : plural(n, "new order")),
    detail: () => `${o.order_number} · ${o.customer} · ${money(o.total)}`,
    to: `/orders/${o.id}`,
  }),
  "order:status-changed": ({ order, status }) => ({
    kind: `order:${status}`,
    title: (n) => (n === 1 ? `Order ${status}` : `${plural(n, "order")} ${status}`),
    detail: () => `${order.order_number} · ${order.customer}`,
    tone: status === "cancelled" ? "warn" : "good",
    to: `/orders/${order.id}`,
  }),
  "purchase-order:received": (po) => ({
    kind: "purchase-order:received",
    title: (n) => (n === 1 ? "Purchase order received" : `${plural(n, "purchase order")} received`),
    detail: () => `${po.po_number} · ${money(po.total)}`,
    to: `/purchase-orders/${po.id}`,
  }),
  "purchase-order:status-changed": ({ purchaseOrder: po, status }) => ({
    kind: `purchase-order:${status}`,
    title: (n) => (n === 1 ? `Purchase order ${status}` : `${plural(n, "purchase order")} ${status}`),
    detail: () => `${po.po_number} · ${money(po.total)}`,
    tone: status === "cancelled" ? "warn" : "good",
    to: `/purchase-orders/${po.id}`,
  }),
  "stock:adjusted": ({ skuId, quantity, reason }, sku) => ({
    kind: "stock:adjusted",
    title: (n) => (n === 1 ? "Stock adjusted" : plural(n, "stock adjustment")),
    detail: () =>
      [`${signed(quantity)}${sku(skuId) ? ` ${sku(skuId)}` : ""}`, words(reason)].filter(Boolean).join(" · "),
  }),
  "alert:low-stock": ({ sku, quantity, threshold }) => ({
    kind: "alert:low-stock",
    title: (n) => (n === 1 ? "Stock is low" : plural(n, "low-stock alert")),
    detail: () => `${sku} · ${quantity} left, threshold ${threshold}`,
    tone: "warn",
  }),
};
