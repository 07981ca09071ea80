import { createFeed, type Order } from "@rowcast/client";

// There is no window here, and on some versions no WebSocket: a feed does nothing yet.
const feed = createFeed({ url: "/", getToken: () => "token", onReset: () => {} });
const orders: Order[] = [];
feed.on("order:created", (order) => orders.push(order));
// @ts-expect-error orders have no such column
feed.on("order:created", (order) => order.nonsense);
const open = feed.rows("order", { where: { status: "open" } });
if (open.status.state !== "idle" || open.rows.length) throw new Error(`the rows are ${open.status.state}`);
if (feed.status.state !== "idle" || feed.connected) throw new Error(`the feed is ${feed.status.state}`);
let refused = "";
try {
  feed.connect();
} catch (error) {
  refused = String(error);
}
if (!refused.includes("there is no page")) throw new Error(`connect says ${refused}`);
console.log("idle in", orders.length, "orders");
