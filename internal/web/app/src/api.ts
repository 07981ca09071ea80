import { end, getToken, type Session, type Tenant, type User } from "./session.ts";

/**
 * The demo application's HTTP API. Money is text, quantities are numbers, times are ISO. What somebody's role does not
 * see is left out: of a picker, all money.
 */

export interface Order {
  id: string;
  number: string;
  customer: string;
  status: string;
  warehouse: string;
  total?: string;
  createdAt: string;
  updatedAt: string;
  /** How many lines; unknown until the list is read again after a live insert. */
  items?: number;
}

export interface OrderDetail extends Omit<Order, "items"> {
  items: { skuId: string; sku: string; name: string; quantity: number; price?: string }[];
}

export interface Movement {
  id: string;
  skuId: string;
  sku: string;
  name: string;
  movementType: string;
  quantity: number;
  reason: string;
  reference: string;
  createdAt: string;
}

export interface PurchaseOrder {
  id: string;
  number: string;
  supplierId: string;
  supplier: string;
  status: string;
  total?: string;
  expectedOn: string | null;
  createdAt: string;
  updatedAt: string;
  items?: number;
}

export interface PurchaseOrderDetail extends Omit<PurchaseOrder, "items"> {
  items: { skuId: string; sku: string; name: string; quantity: number; cost?: string }[];
}

export interface Sku {
  id: string;
  sku: string;
  name: string;
  quantity: number;
  threshold: number;
  warehouse: string;
  price?: string;
  cost?: string;
}

export interface Product {
  id: string;
  name: string;
  category: string;
  skus: Sku[];
}

export interface Supplier {
  id: string;
  name: string;
  email?: string;
  leadTimeDays?: number;
}

export interface ProductDetail extends Product {
  description?: string;
  supplier: Supplier;
  movements?: Movement[];
}

export interface Dashboard {
  inventoryValue?: string;
  openOrders: number;
  lowStock: number;
  movementsToday?: number;
  alerts: { skuId: string; sku: string; name: string; quantity: number; threshold: number }[];
}

export interface Line {
  skuId: string;
  quantity: number;
}

/** What the server refused, and why, in its words. */
export class Problem extends Error {
  override name = "Problem";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers["authorization"] = `Bearer ${token}`;
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  } catch {
    throw new Problem(0, "unreachable", "The server cannot be reached.");
  }
  if (answer.ok) return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  throw new Problem(answer.status, problem.code ?? "", problem.detail ?? problem.title ?? `HTTP ${answer.status}`);
}

async function authorized<T>(method: string, path: string, body?: unknown): Promise<T> {
  const token = await getToken();
  try {
    return await ask<T>(method, path, body, token);
  } catch (err) {
    if (err instanceof Problem && err.status === 401) end("Your session is no longer valid. Log in again.");
    throw err;
  }
}

const get = <T>(path: string): Promise<T> => authorized("GET", path);
const post = <T>(path: string, body?: unknown): Promise<T> => authorized("POST", path, body);
const id = encodeURIComponent;

/** How long the lists are. */
export const limits = { orders: 50, movements: 100, purchaseOrders: 50 } as const;

/** The statuses of orders that something is still to be done for. */
export const openStatuses = ["pending", "processing"] as const;

export const api = {
  tenants: () => ask<(Tenant & { users: User[] })[]>("GET", "/api/tenants"),
  login: (tenantId: string, userId: string) => ask<Session>("POST", "/api/login", { tenantId, userId }),

  dashboard: () => get<Dashboard>("/api/dashboard"),
  orders: () => get<Order[]>(`/api/orders?limit=${limits.orders}`),
  openOrders: (warehouse = "") =>
    get<Order[]>(
      `/api/orders?limit=${limits.orders}&status=${openStatuses.join(",")}${warehouse && `&warehouse=${id(warehouse)}`}`,
    ),
  order: (order: string) => get<OrderDetail>(`/api/orders/${id(order)}`),
  createOrder: (customer: string, items: Line[]) => post<OrderDetail>("/api/orders", { customer, items }),
  fulfil: (order: string) => post<unknown>(`/api/orders/${id(order)}/fulfil`),
  cancel: (order: string) => post<unknown>(`/api/orders/${id(order)}/cancel`),

  movements: (sku?: string) =>
    get<Movement[]>(`/api/stock-movements?limit=${limits.movements}${sku ? `&sku=${id(sku)}` : ""}`),

  purchaseOrders: () => get<PurchaseOrder[]>(`/api/purchase-orders?limit=${limits.purchaseOrders}`),
  purchaseOrder: (order: string) => get<PurchaseOrderDetail>(`/api/purchase-orders/${id(order)}`),
  createPurchaseOrder: (supplierId: string, items: Line[]) =>
    post<PurchaseOrderDetail>("/api/purchase-orders", { supplierId, items }),
  send: (order: string) => post<unknown>(`/api/purchase-orders/${id(order)}/send`),
  receive: (order: string) => post<unknown>(`/api/purchase-orders/${id(order)}/receive`),

  products: () => get<Product[]>("/api/products"),
  product: (product: string) => get<ProductDetail>(`/api/products/${id(product)}`),
  suppliers: () => get<Supplier[]>("/api/suppliers"),
  adjust: (sku: string, quantity: number, reason: string) =>
    post<Movement>(`/api/skus/${id(sku)}/adjust`, { quantity, reason }),

  hints: () => get<Record<string, unknown>>("/api/hints"),
};
