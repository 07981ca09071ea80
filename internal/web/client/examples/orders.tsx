import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Order } from "@rowcast/client";
import { useFeedEvent, useFeedResync } from "@rowcast/client/react";
import { useRef } from "react";

type Change = (orders: Order[]) => Order[];

const put =
  (order: Order): Change =>
  (orders) => [order, ...orders.filter(({ id }) => id !== order.id)];
const drop =
  (order: Order): Change =>
  (orders) =>
    orders.filter(({ id }) => id !== order.id);
const queryKey = ["orders"];

/**
 * The orders, loaded once and then kept by the feed, with TanStack Query as the
 * one place that has them. They are loaded again only when the feed says so:
 * staleTime keeps anything else from it.
 */
export function useOrders(load: () => Promise<Order[]>) {
  const queries = useQueryClient();
  // What is being loaded may be older than events that come meanwhile, so these
  // are applied to it as well. One that is older than what was loaded does no
  // harm: the event of the newer row follows.
  const meanwhile = useRef<Change[]>([]);
  const query = useQuery({
    queryKey,
    staleTime: Infinity,
    queryFn: async () => {
      meanwhile.current = [];
      const orders = await load();
      return meanwhile.current.reduce((known, change) => change(known), orders);
    },
  });

  const apply = (change: Change) => {
    if (queries.isFetching({ queryKey })) meanwhile.current.push(change);
    queries.setQueryData<Order[]>(queryKey, (known) => known && change(known));
  };
  const reload = () => queries.invalidateQueries({ queryKey });
  useFeedEvent("order:created", (order) => apply(put(order)));
  useFeedEvent("order:updated", (order) => apply(put(order)));
  useFeedEvent("order:deleted", (order) => apply(drop(order)));
  useFeedEvent("order:bulk", reload);
  useFeedEvent("order:truncated", () => apply(() => []));
  useFeedResync(reload);
  return query;
}

export function Orders({ load }: { load: () => Promise<Order[]> }) {
  const { data: orders = [] } = useOrders(load);
  return (
    <ul>
      {orders.map((order) => (
        <li key={order.id}>{`${order.order_number} ${order.status}`}</li>
      ))}
    </ul>
  );
}
