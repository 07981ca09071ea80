import type {} from "@rowcast/client";
import { rowcastCollectionOptions } from "@rowcast/client/db";
import { SocketProvider, useFeedEvent, useFeedStatus, useRows, useSocket } from "@rowcast/client/react";
import { socketService } from "@rowcast/client/socket";
import { createCollection } from "@tanstack/db";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import type { Tables } from "./tables";

declare module "@rowcast/client" {
  interface Register {
    tables: Tables;
  }
}

function Invoices() {
  const [invoices, set] = useState<string[]>([]);
  useFeedEvent("invoice:created", (invoice) => set([invoice.number, ...invoices]));
  // @ts-expect-error invoices have no such column
  useFeedEvent("invoice:created", (invoice) => set([invoice.nonsense]));
  // @ts-expect-error this page has no orders
  useFeedEvent("order:created", () => set([]));
  const { rows, status } = useRows("invoice", { where: { number: { gt: "7" } } });
  // @ts-expect-error this page has no orders
  useRows("order");
  const feed = useSocket();
  const [all] = useState(() => createCollection(rowcastCollectionOptions({ feed, table: "invoice" })));
  return (
    <p>
      {useFeedStatus().state} {status.state} {invoices.join()} {rows.map((invoice) => invoice.number).join()}
      {all.toArray.map((invoice) => invoice.number).join()}
    </p>
  );
}

socketService.on("invoice:created", (invoice) => console.log(invoice.number));
createRoot(document.getElementById("root")!).render(
  <SocketProvider url="/" getToken={() => "token"} onReset={() => {}}>
    <Invoices />
  </SocketProvider>,
);
