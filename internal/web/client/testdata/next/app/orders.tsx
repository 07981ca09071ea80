"use client";
import { SocketProvider, useFeedEvent, useFeedStatus } from "@rowcast/client/react";
import { useState } from "react";

function List() {
  const [orders, set] = useState<string[]>([]);
  useFeedEvent("order:created", (order) => set([order.order_number, ...orders]));
  return (
    <p>
      the feed is {useFeedStatus().state}: {orders.join()}
    </p>
  );
}

export function Orders() {
  return (
    <SocketProvider url="/" getToken={() => "token"} onReset={() => {}}>
      <List />
    </SocketProvider>
  );
}
