import type { FeedEvent } from "@rowcast/client";
import { QueryClient, type QueryKey } from "@tanstack/react-query";
import {
  api,
  limits,
  Problem,
  type Movement,
  type Order,
  type Product,
  type ProductDetail,
  type PurchaseOrder,
  type Sku,
  type Supplier,
} from "../api.ts";
import type { PageName } from "../router.tsx";
import type { News } from "../toast/toasts.ts";
import { newsOf } from "./news.ts";
import {
  changeOf,
  movementOf,
  orderOf,
  patched,
  patchedSkus,
  purchaseOrderOf,
  skuOf,
  type Patch,
  type Row,
  type Saying,
} from "./rows.ts";
import { Settler } from "./settle.ts";

export const keys = {
  dashboard: ["dashboard"],
  orders: ["orders"],
  openOrders: (warehouse = "") => ["orders", "open", warehouse],
  order: (id: string) => ["order", id],
  movements: (sku?: string) => (sku ? ["movements", sku] : ["movements"]),
  purchaseOrders: ["purchase-orders"],
  purchaseOrder: (id: string) => ["purchase-order", id],
  products: ["products"],
  product: (id: string) => ["product", id],
  suppliers: ["suppliers"],
  hints: ["hints"],
} as const;

/** A batch of so many events belongs to a flood. */
export const flood = 100;

/** What the events of a batch say, sorted by what they are about. */
interface Patches {
  orders: Patch<Order>[];
  /** Of the lists of open orders, by the warehouse that they are of. */
  openOrders: Map<string, Patch<Order>[]>;
  movements: Patch<Movement>[];
  purchaseOrders: Patch<PurchaseOrder>[];
  skus: Map<string, Sku>;
}

const nothing = (): Patches => ({
  orders: [],
  openOrders: new Map(),
  movements: [],
  purchaseOrders: [],
  skus: new Map(),
});

/**
 * The one place where the feed meets what the pages show. Events change the
 * cached lists at once, and have read again what they do not have. A change of
 * this page takes the same way as one of psql: the pages only write, and wait
 * for the event.
 */
export class Live {
  readonly queries = new QueryClient({
    defaultOptions: {
      queries: {
        // The feed says when something is out of date.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
        retry: (failures, error) =>
          failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
      },
      mutations: { networkMode: "always" },
    },
  });
  readonly #settler = new Settler(this.queries);
  readonly #reading = new Set<Patches>();
  readonly #skus = new Map<string, { product: Product; sku: Sku }>();
  #products: readonly Product[] | undefined;

  constructor(
    private readonly page: () => PageName,
    private readonly notify: (news: readonly News[]) => void,
  ) {}

  /** Takes events in their order. */
  apply(batch: readonly FeedEvent[]): void {
    const all = nothing();
    const news: News[] = [];
    const page = this.page();
    this.#learn();
    for (const event of batch) {
      this.#sort(event, all);
      const n = newsOf(event, page, (sku) => this.#skus.get(sku)?.sku.sku);
      if (n) news.push(n);
    }
    for (const patches of this.#reading) {
      patches.orders.push(...all.orders);
      patches.movements.push(...all.movements);
      patches.purchaseOrders.push(...all.purchaseOrders);
      for (const [id, sku] of all.skus) patches.skus.set(id, sku);
    }
    // In a flood no row stands out.
    const now = batch.length > flood ? 0 : Date.now();
    this.#patch(keys.orders, all.orders, limits.orders, now);
    this.#patch(keys.purchaseOrders, all.purchaseOrders, limits.purchaseOrders, now);
    if (all.movements.length > 0) {
      for (const { queryKey } of this.queries.getQueryCache().findAll({ queryKey: keys.movements() })) {
        this.#patch(queryKey, of(all.movements, queryKey[1]), limits.movements, now);
      }
    }
    if (all.skus.size > 0) this.#patchSkus(all.skus);
    this.notify(news);
  }

  /** Takes events of the open orders of a warehouse alone, from a feed of their own: one that is no such order leaves. */
  applyOpen(batch: readonly FeedEvent[], warehouse = ""): void {
    const patches: Patch<Order>[] = [];
    for (const event of batch) {
      const change = changeOf(event);
      if (change?.table !== "orders" || change.says === "unknown") continue; // then the feed of the page has it read
      patches.push({ op: change.says === "replay" ? "update" : change.says, row: orderOf(change.row) });
      // Its items and its place in the list are not told, nor which one comes after a full list.
      if (event.match) this.#settler.mark(keys.openOrders(warehouse));
    }
    for (const { openOrders } of this.#reading)
      openOrders.set(warehouse, [...(openOrders.get(warehouse) ?? []), ...patches]);
    this.#patch(keys.openOrders(warehouse), patches, limits.orders, batch.length > flood ? 0 : Date.now());
  }

  /**
   * Each of these reads something and applies what arrived while it was read:
   * the answer may be older than the events.
   */
  orders = async (): Promise<Order[]> =>
    this.#while(async (then) => patched(await api.orders(), then.orders, limits.orders));

  openOrders = async (warehouse = ""): Promise<Order[]> =>
    this.#while(async (then) =>
      patched(await api.openOrders(warehouse), then.openOrders.get(warehouse) ?? [], limits.orders),
    );

  purchaseOrders = async (): Promise<PurchaseOrder[]> =>
    this.#while(async (then) => patched(await api.purchaseOrders(), then.purchaseOrders, limits.purchaseOrders));

  movements = async (sku?: string): Promise<Movement[]> =>
    this.#while(async (then) => patched(await api.movements(sku), of(then.movements, sku), limits.movements));

  products = async (): Promise<readonly Product[]> =>
    this.#while(async (then) => patchedSkus(await api.products(), then.skus));

  product = async (id: string): Promise<ProductDetail> =>
    this.#while(async (then) => {
      const product = await api.product(id);
      return patchedSkus([product], then.skus)[0] ?? product;
    });

  /** Reads everything again: after a reset, and when the feed is joined for the first time. */
  reload = (): void => {
    void this.queries.invalidateQueries();
  };

  /** The same for the open orders, whose feed begins when they are shown. */
  reloadOpen = (): void => {
    void this.queries.invalidateQueries({ queryKey: keys.openOrders().slice(0, 2) });
  };

  /** Reads again what could not be read while the server was away. */
  retry(): void {
    void this.queries.invalidateQueries({ predicate: (query) => query.state.status === "error" });
  }

  stop(): void {
    this.#settler.stop();
    this.queries.clear();
  }

  async #while<T>(read: (patches: Patches) => Promise<T>): Promise<T> {
    const patches = nothing();
    this.#reading.add(patches);
    try {
      return await read(patches);
    } finally {
      this.#reading.delete(patches);
    }
  }

  /** Puts what an event says into its place, and marks what it leaves open. */
  #sort(event: FeedEvent, all: Patches): void {
    const change = changeOf(event);
    switch (change?.table) {
      case "orders":
        return this.#document(change, "order", all.orders, orderOf);
      case "purchase_orders":
        return this.#document(change, "purchase-order", all.purchaseOrders, (row) =>
          change.says === "insert" ? this.#withSupplier(purchaseOrderOf(row)) : purchaseOrderOf(row),
        );
      case "stock_movements":
        if (change.says === "insert") all.movements.push({ op: "insert", row: this.#withSku(movementOf(change.row)) });
        else this.#settler.mark(keys.movements(), ["product"]);
        return;
      case "skus":
        if (change.says === "update") all.skus.set(change.row.id, skuOf(change.row));
        else this.#settler.mark(keys.products, ["product"]);
        return;
    }
    // Silently, and again with stats-updated, which may come a second later.
    if (/^(stock:adjusted|alert:low-stock|dashboard:stats-updated)$/.test(event.event))
      this.#settler.mark(keys.dashboard);
    else if (/^(product|supplier):/.test(event.event)) this.#settler.mark(keys.products, ["product"], keys.suppliers);
  }

  /** The lists of orders and purchase orders have the keys `${id}s`, one of them has `${id}`. */
  #document<R extends { id: string }, T>(
    change: Saying<R>,
    id: "order" | "purchase-order",
    patches: Patch<T>[],
    rowOf: (row: R) => Patch<T>["row"],
  ): void {
    if (change.says === "unknown") return this.#settler.mark([`${id}s`], [id]);
    const { says, row } = change;
    // A replayed row is the row as it is now; whether the list holds it shows when it is read.
    patches.push({ op: says === "replay" ? "update" : says, row: rowOf(row) });
    // The items of a new one are counted when the list is read again.
    if (says !== "update") this.#settler.mark([`${id}s`]);
    if (says !== "insert") this.#settler.mark([id, row.id]);
  }

  #patch<T extends Row>(key: QueryKey, patches: readonly Patch<T>[], limit: number, now: number): void {
    if (patches.length === 0) return;
    this.queries.setQueryData(key, (list: T[] | undefined) => list && patched(list, patches, limit, now));
  }

  #patchSkus(skus: ReadonlyMap<string, Sku>): void {
    this.queries.setQueryData(keys.products, (list: readonly Product[] | undefined) => list && patchedSkus(list, skus));
    for (const query of this.queries.getQueryCache().findAll({ queryKey: ["product"] })) {
      this.queries.setQueryData(query.queryKey, (p: ProductDetail | undefined) => p && patchedSkus([p], skus)[0]);
    }
  }

  /** Learns the skus from the products, as far as they are read. */
  #learn(): void {
    const products = this.queries.getQueryData<readonly Product[]>(keys.products);
    if (products === this.#products) return;
    this.#products = products;
    this.#skus.clear();
    for (const product of products ?? []) for (const sku of product.skus) this.#skus.set(sku.id, { product, sku });
  }

  #withSku(m: Omit<Movement, "sku" | "name">): Movement {
    const found = this.#skus.get(m.skuId);
    this.#settler.mark(found ? keys.product(found.product.id) : ["product"]);
    if (found) return { ...m, sku: found.sku.sku, name: `${found.product.name}, ${found.sku.name}` };
    this.#settler.mark(keys.products, keys.movements());
    return { ...m, sku: "", name: "" };
  }

  #withSupplier(po: Omit<PurchaseOrder, "supplier">): PurchaseOrder {
    const known = this.queries.getQueryData<Supplier[]>(keys.suppliers)?.find((s) => s.id === po.supplierId);
    return { ...po, supplier: known?.name ?? "" };
  }
}

/** The movements of a sku, all if it is not given. */
const of = (patches: readonly Patch<Movement>[], code: unknown) =>
  code === undefined ? patches : patches.filter((p) => p.row.sku === code);
