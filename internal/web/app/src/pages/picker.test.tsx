import { SocketProvider } from "@rowcast/client/react";
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Desk, DeskContext } from "../desk.ts";
import { Detail } from "../feed/detail.tsx";
import { keys } from "../live/live.ts";
import { session, type Session } from "../session.ts";
import { Shell } from "../shell/shell.tsx";
import { Dashboard } from "./dashboard.tsx";
import { Orders } from "./orders.tsx";
import { Product } from "./product.tsx";
import { Products } from "./products.tsx";

// What modules ask of a browser as soon as they are there.
vi.hoisted(() => {
  vi.stubGlobal("location", { pathname: "/", origin: "http://here", href: "http://here/" });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener() {} }));
});

const times = { createdAt: "2026-01-02T03:04:05.000000Z", updatedAt: "2026-01-02T03:04:05.000000Z" };
const canary = "7777.77";
const canaries = /7,?777|€/;

/** What the API answers: with money, or without. */
const answers = (money: boolean) => {
  const only = <T extends object>(part: T): Partial<T> => (money ? part : {});
  const order = {
    id: "o1",
    number: "SO-1",
    customer: "Mira",
    status: "pending",
    warehouse: "main",
    ...only({ total: canary }),
    ...times,
  };
  const sku = {
    id: "s1",
    sku: "TENT-2",
    name: "Two persons",
    quantity: 9,
    threshold: 3,
    warehouse: "main",
    ...only({ price: canary, cost: canary }),
  };
  const product = { id: "p1", name: "Tent", category: "Camp", skus: [sku] };
  const items = [{ skuId: "s1", sku: "TENT-2", name: "Tent", quantity: 2, ...only({ price: canary }) }];
  return {
    orders: [{ ...order, items: 1 }],
    order: { ...order, items },
    products: [product],
    product: { ...product, supplier: { id: "v", name: "Alder" }, ...only({ movements: [] }) },
    dashboard: {
      openOrders: 1,
      lowStock: 0,
      alerts: [],
      ...only({ inventoryValue: canary, movementsToday: 4 }),
    },
  };
};

const login = (role: string): Session => ({
  token: "t",
  expiresAt: "2100-01-01T00:00:00Z",
  user: { id: "u", name: "Piet Maes", email: "", role, ...(role === "picker" && { warehouses: ["main"] }) },
  tenant: { id: "T", slug: "t", name: "Acme" },
});

const pages: Record<string, ReactNode> = {
  dashboard: <Dashboard />,
  orders: <Orders open={undefined} />,
  "an order": <Orders open="o1" />,
  products: <Products />,
  "a product": <Product id="p1" />,
};

describe.each([
  ["a picker", "picker", false],
  ["a picker who was just somebody else", "picker", true],
  ["a manager", "manager", true],
])("the pages of %s", (_, role, money) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
    session.set(login(role));
    const all = answers(money);
    const { queries } = desk.live;
    queries.setQueryData(keys.orders, all.orders);
    queries.setQueryData(keys.order("o1"), all.order);
    queries.setQueryData(keys.products, all.products);
    queries.setQueryData(keys.product("p1"), all.product);
    queries.setQueryData(keys.dashboard, all.dashboard);
  });
  afterEach(() => desk.close());

  const show = (page: ReactNode) =>
    renderToStaticMarkup(
      <DeskContext value={desk}>
        <QueryClientProvider client={desk.live.queries}>
          <SocketProvider url="https://feed.test" getToken={() => "t"} onReset={() => {}} WebSocket={null}>
            {page}
          </SocketProvider>
        </QueryClientProvider>
      </DeskContext>,
    );

  it.each(Object.entries(pages))("%s: money is there for who may see it, and nothing stands for it else", (_, page) => {
    const html = show(page);
    expect(html).toMatch(/Mira|Tent|Open orders/);
    expect(html).not.toMatch(/undefined|NaN/);
    if (role !== "picker") return expect(html).toMatch(canaries);
    expect(html).not.toMatch(canaries);
    expect(html).not.toMatch(/Total|Price|Cost|Value|Sum|–/);
  });

  it("have no way to what the role does not see or do", () => {
    const html = show(<Shell session={login(role)} />);
    for (const name of ["Purchase orders", "Stock movements"]) expect(html.includes(name)).toBe(role !== "picker");
    for (const id of ["new-order", "cancel"])
      expect(show(<Orders open="o1" />).includes(`data-testid="${id}"`)).toBe(role !== "picker");
    expect(show(<Orders open="o1" />)).toContain('data-testid="fulfil-order"');
    expect(show(<Product id="p1" />).includes('data-testid="adjust"')).toBe(role !== "picker");
  });

  it("say in the inspector by which view an event came", () => {
    const event = { event: "order:updated", tenantId: "T", position: 1, cursor: "c1~0a1b2c3d", at: times.createdAt };
    const where = { order: { warehouse: "main" } };
    const html = show(
      <Detail entry={{ event: { ...event, data: {}, match: "left" }, lag: 1, where }} onClose={() => {}} />,
    );
    expect(html).toMatch(role === "picker" ? /data-testid="view">picker of main/ : /data-testid="view">manager/);
    expect(html).toContain("where {&quot;order&quot;:{&quot;warehouse&quot;:&quot;main&quot;}}");
    expect(html).toContain('data-testid="match">left<');
  });
});

it("shows the choice of a warehouse where there are several", () => {
  const desk = new Desk();
  session.set(login("manager"));
  const page = () =>
    renderToStaticMarkup(
      <DeskContext value={desk}>
        <QueryClientProvider client={desk.live.queries}>
          <Orders open={undefined} />
        </QueryClientProvider>
      </DeskContext>,
    );
  const [product] = answers(true).products;
  desk.live.queries.setQueryData(keys.products, [product]);
  expect(page()).not.toContain("All warehouses");
  const other = { ...product!, id: "p2", skus: [{ ...product!.skus[0]!, id: "s2", warehouse: "annex" }] };
  desk.live.queries.setQueryData(keys.products, [product, other]);
  expect(page()).toMatch(/All warehouses.*Annex.*Main/);
  desk.close();
});
