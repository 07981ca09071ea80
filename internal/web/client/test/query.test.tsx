// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Orders } from "../examples/orders.js";
import type { Order } from "../src/index.js";
import { SocketProvider } from "../src/react.js";
import { change, ScriptSocket } from "./script.js";

beforeEach(() => void (ScriptSocket.made = []));
afterEach(cleanup);

const order = (id: string, status: string) => ({ id, order_number: id, status }) as Order;
const items = () => screen.queryAllByRole("listitem").map((item) => item.textContent);
const say = (...messages: object[]) => act(async () => void ScriptSocket.last.say(...messages));
const showing = (...want: string[]) => waitFor(() => expect(items()).toEqual(want));

/** A page whose loads are answered by the test. */
async function page() {
  const answers: ((orders: Order[]) => void)[] = [];
  const load = vi.fn(() => new Promise<Order[]>((resolve) => answers.push(resolve)));
  render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <SocketProvider
          url="https://feed.test"
          tenantId="T"
          getToken={() => "t"}
          onReset={() => {}}
          WebSocket={ScriptSocket}
        >
          <Orders load={load} />
        </SocketProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
  await act(async () => {});
  const answer = (...orders: Order[]) => act(async () => answers.shift()!(orders));
  return { load, answer };
}

it("loads once the feed has begun, then lives from events", async () => {
  const { load, answer } = await page();
  await answer(order("A", "pending"));
  await showing("A pending");
  await act(async () => void ScriptSocket.last.welcome().joined());
  expect(load).toHaveBeenCalledTimes(2);
  await answer(order("A", "pending"), order("Z", "pending"));
  await showing("A pending", "Z pending");
  await say(change(1, "order:created", { data: order("B", "pending") }));
  await say(
    change(2, "order:updated", { data: order("A", "fulfilled") }),
    change(3, "order:deleted", { data: order("Z", "pending") }),
  );
  await showing("A fulfilled", "B pending");
  expect(load).toHaveBeenCalledTimes(2);
});

it("loses no event that comes while it loads", async () => {
  const { load, answer } = await page();
  await answer();
  await act(async () => void ScriptSocket.last.welcome().joined());
  await say(change(1, "order:created", { data: order("A", "pending") }));
  await answer(); // read before A was there
  await showing("A pending");

  await say({ type: "reset", tenantId: "T", cursor: "c9", position: 9, reason: "expired" });
  expect(load).toHaveBeenCalledTimes(3);
  await say(change(10, "order:updated", { data: order("A", "fulfilled") }));
  await answer(order("A", "pending"), order("B", "pending"));
  await showing("A fulfilled", "B pending");
});
