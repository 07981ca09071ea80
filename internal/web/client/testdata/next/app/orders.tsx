"use client";
import { SocketProvider, useFeedEvent, useFeedStatus, useRows } from "@rowcast/client/react";
import { useState } from "react";

function List() {
  const [orders, set] = useState<string[]>([]);
  useFeedEvent("order:created", (order) => set([order.order_number, ...orders]));
  const { rows, status } = useRows("order");
  return (
    <p>
      the feed is {useFeedStatus().state}, the rows are {status.state}: {orders.join()} {rows.length}
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
