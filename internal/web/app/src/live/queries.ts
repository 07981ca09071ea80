import { useMutation, useQuery, type UseMutationResult } from "@tanstack/react-query";
import { api, type Order } from "../api.ts";
import { useDesk } from "../desk.ts";
import { keys } from "./live.ts";

/** Readings of the API. The feed keeps them up to date, see Live. */

export const useDashboard = () => useQuery({ queryKey: keys.dashboard, queryFn: api.dashboard });

/**
 * The latest orders, or the latest open ones of a warehouse, which are read whenever they are shown: nobody follows them
 * otherwise.
 */
export function useOrders(open = false, warehouse = "") {
  const { live } = useDesk();
  return useQuery<Order[], Error, Order[], readonly string[]>({
    queryKey: open ? keys.openOrders(warehouse) : keys.orders,
    queryFn: open ? () => live.openOrders(warehouse) : live.orders,
    ...(open && { staleTime: 0 }),
  });
}

export const useOrder = (id: string) => useQuery({ queryKey: keys.order(id), queryFn: () => api.order(id) });

export function useMovements(sku?: string) {
  const { live } = useDesk();
  return useQuery({ queryKey: keys.movements(sku), queryFn: () => live.movements(sku) });
}

export function usePurchaseOrders() {
  const { live } = useDesk();
  return useQuery({ queryKey: keys.purchaseOrders, queryFn: live.purchaseOrders });
}

export const usePurchaseOrder = (id: string) =>
  useQuery({ queryKey: keys.purchaseOrder(id), queryFn: () => api.purchaseOrder(id) });

export function useProducts() {
  const { live } = useDesk();
  return useQuery({ queryKey: keys.products, queryFn: live.products });
}

export function useProduct(id: string) {
  const { live } = useDesk();
  return useQuery({ queryKey: keys.product(id), queryFn: () => live.product(id) });
}

export const useSuppliers = () => useQuery({ queryKey: keys.suppliers, queryFn: api.suppliers });

export const useHints = () => useQuery({ queryKey: keys.hints, queryFn: api.hints });

/** A write. What it changes comes back through the feed, so there is nothing to do on success. */
export const useWrite = <V>(
  write: (variables: V) => Promise<unknown>,
  done?: () => void,
): UseMutationResult<unknown, Error, V> => useMutation({ mutationFn: write, ...(done ? { onSuccess: done } : {}) });
