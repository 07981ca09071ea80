import type {} from "@rowcast/client";
import { SocketProvider, useFeedEvent, useFeedStatus } from "@rowcast/client/react";
import { socketService } from "@rowcast/client/socket";
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
  return (
    <p>
      {useFeedStatus().state} {invoices.join()}
    </p>
  );
}

socketService.on("invoice:created", (invoice) => console.log(invoice.number));
createRoot(document.getElementById("root")!).render(
  <SocketProvider url="/" getToken={() => "token"} onReset={() => {}}>
    <Invoices />
  </SocketProvider>,
);
