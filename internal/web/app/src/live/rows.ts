import type {
  FeedEvent,
  Order as OrderRow,
  PurchaseOrder as PurchaseOrderRow,
  Sku as SkuRow,
  StockMovement,
} from "@rowcast/client";
import type { Movement, Order, Product, PurchaseOrder, Sku } from "../api.ts";
import { changes, type Tables } from "./changes.gen.ts";

/** What an event says of a row: the row after the change, or that rows have to be read. */
export type Saying<R> = { says: "insert" | "update" | "delete" | "replay"; row: R } | { says: "unknown" };

/** What an event of the catalogue says of a row of its table. */
export type Change = { [T in keyof Tables]: { table: T } & Saying<Tables[T]> }[keyof Tables];

/**
 * Undefined: the event says nothing of a row, or nothing more than another one of the same change. A row that enters
 * what is seen here is new, one that leaves it is gone.
 */
export function changeOf({ event, data, match }: FeedEvent): Change | undefined {
  const change = Object.hasOwn(changes, event) ? changes[event as keyof typeof changes] : undefined;
  const says = match === "entered" ? { says: "insert" } : match === "left" ? { says: "delete" } : {};
  return change && ({ ...change, ...says, row: data } as Change);
}

/** A row that an event brought has the time of its arrival, so that it can be shown as new. */
export type Touched<T> = T & { touched?: number };

/** What an event says about a row. An update carries what it knows, the rest stays. */
export interface Patch<T> {
  op: "insert" | "update" | "delete";
  row: Partial<T> & { id: string };
}

export interface Row {
  id: string;
  updatedAt?: string;
}

/**
 * Applies patches, in their order, to a list that is newest first and holds at
 * most limit rows. A row never goes back to an older version, so a list that
 * was read after the event, but arrives before it, stays as it is. now is when
 * the rows were touched, 0 for a list that is shown as it is read.
 */
export function patched<T extends Row>(
  list: readonly Touched<T>[],
  patches: readonly Patch<T>[],
  limit: number,
  now = 0,
): Touched<T>[] {
  const byId = new Map(list.map((row) => [row.id, row]));
  const inserted = new Map<string, Touched<T>>();
  for (const { op, row } of patches) {
    if (op === "delete") {
      byId.delete(row.id);
      inserted.delete(row.id);
      continue;
    }
    const home = inserted.has(row.id) ? inserted : byId;
    const old = home.get(row.id);
    if (old) {
      if (!older(row, old)) home.set(row.id, { ...old, ...row, touched: now });
    } else if (op === "insert") {
      inserted.set(row.id, { ...(row as T), touched: now });
    }
  }
  return [...[...inserted.values()].reverse(), ...byId.values()].slice(0, limit);
}

function older(row: { updatedAt?: string | undefined }, than: { updatedAt?: string | undefined }): boolean {
  return (
    row.updatedAt !== undefined &&
    than.updatedAt !== undefined &&
    Date.parse(row.updatedAt) < Date.parse(than.updatedAt)
  );
}

/** Applies new versions of skus to the products that hold them. The same array if there is none. */
export function patchedSkus<P extends Product>(products: readonly P[], skus: ReadonlyMap<string, Sku>): readonly P[] {
  let hit = false;
  const next = products.map((p) => {
    if (!p.skus.some((s) => skus.has(s.id))) return p;
    hit = true;
    return { ...p, skus: p.skus.map((s) => ({ ...s, ...skus.get(s.id) })) };
  });
  return hit ? next : products;
}

/** A numeric of the database as the API writes it. One that is not seen is none. */
export const decimal = <N extends number | string | undefined>(n: N) =>
  (typeof n === "number" ? n.toFixed(2) : n) as N extends undefined ? undefined : string;

/** Without the columns that the event does not have, as they are not seen here. */
const known = <T extends object>(row: T): T =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T;

export const orderOf = (r: OrderRow): Order =>
  known({
    id: r.id,
    number: r.order_number,
    customer: r.customer,
    status: r.status,
    warehouse: r.warehouse,
    total: decimal(r.total),
    createdAt: r.created_at,
    updatedAt: r.updated_at,
  });

export const purchaseOrderOf = (r: PurchaseOrderRow): Omit<PurchaseOrder, "supplier"> =>
  known({
    id: r.id,
    number: r.po_number,
    supplierId: r.supplier_id,
    status: r.status,
    total: decimal(r.total),
    expectedOn: r.expected_on,
    createdAt: r.created_at,
    updatedAt: r.updated_at,
  });

export const movementOf = (r: StockMovement): Omit<Movement, "sku" | "name"> =>
  known({
    id: r.id,
    skuId: r.sku_id,
    movementType: r.movement_type,
    quantity: r.quantity,
    reason: r.reason,
    reference: r.reference,
    createdAt: r.created_at,
  });

export const skuOf = (r: SkuRow): Sku & { touched?: number } =>
  known({
    id: r.id,
    sku: r.sku,
    name: r.name,
    quantity: r.quantity,
    threshold: r.low_stock_threshold,
    warehouse: r.warehouse,
    price: decimal(r.price),
    cost: decimal(r.cost),
  });
