import { SocketProvider, useFeedEvent, useFeedStatus } from "@rowcast/client/react";
import { socketService } from "@rowcast/client/socket";
import { useState } from "react";
import { createRoot } from "react-dom/client";

function Orders() {
  const [orders, set] = useState<string[]>([]);
  useFeedEvent("order:created", (order) => set([order.order_number, ...orders]));
  // @ts-expect-error orders have no such column
  useFeedEvent("order:created", (order) => set([order.nonsense]));
  return (
    <p>
      {useFeedStatus().state} {orders.join()}
    </p>
  );
}

socketService.on("order:created", (order) => console.log(order.order_number));
createRoot(document.getElementById("root")!).render(
  <SocketProvider url="/" getToken={() => "token"} onReset={() => {}}>
    <Orders />
  </SocketProvider>,
);
