// Lists the rows of a table with the client, all of them and the open ones, until it is
// given a transaction: then it prints what the lists have after that.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { createFeed } from "../../../internal/web/client/dist/rowcast.js";

const { WebSocket } = createRequire(new URL("../../../internal/web/client/package.json", import.meta.url))("ws");
const [url, token, wire] = process.argv.slice(2);
const feed = createFeed({ url, getToken: () => token, onReset: () => {}, WebSocket: wire === "ws" ? WebSocket : null });
const lists = { all: feed.rows("invoice"), open: feed.rows("invoice", { where: { status: { in: ["open", "held"] } } }) };
for (const list of Object.values(lists)) list.subscribe(() => {});
feed.connect();
await Promise.all(Object.values(lists).map((list) => list.ready));
console.log("ready");
for await (const tx of createInterface({ input: process.stdin })) {
  const have = {};
  for (const [name, list] of Object.entries(lists)) {
    await list.awaitTx(tx, 100_000);
    await new Promise((go) => {
      const look = () => list.status.state === "ready" && go(off());
      const off = list.subscribe(look);
      queueMicrotask(look);
    });
    have[name] = [...list.rows].sort((a, b) => a.id - b.id);
  }
  console.log(JSON.stringify(have));
}
process.exit(0);
