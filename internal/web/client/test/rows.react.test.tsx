// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, expectTypeOf, it, vi } from "vitest";
import type { Order, Row, Where } from "../src/index.js";
import { SocketProvider, type SocketProviderProps, useRows } from "../src/react.js";
import { change, ScriptSocket } from "./script.js";

beforeEach(() => void (ScriptSocket.made = []));
afterEach(cleanup);

const answer = [
  { type: "snapshot", key: ["id"], columns: [{ name: "id" }], snapshot: "10:10:" },
  { row: { id: 1, status: "open" } },
  { type: "end", rows: 1 },
];
const fetched = vi.fn(async () => new Response(answer.map((line) => JSON.stringify(line) + "\n").join("")));
const props = (): SocketProviderProps => ({
  url: "https://feed.test",
  tenantId: "T",
  getToken: () => "t",
  onReset: () => {},
  WebSocket: ScriptSocket,
  fetch: fetched as unknown as typeof globalThis.fetch,
  log: () => {},
});
const open: NonNullable<Where["order"]> = { status: "open" };

function Orders({ name, where }: { name: string; where?: typeof open }) {
  const { rows, status } = useRows("order", { where });
  return <p>{`${name} ${status.state} ${rows.map(({ id }) => id).join()}`}</p>;
}
const settle = () => act(async () => void (await new Promise((go) => setTimeout(go))));
const shown = async (text: string) => {
  await vi.waitFor(async () => {
    await settle();
    screen.getByText(text);
  });
};

it("shows the rows of equal lists from one load, under StrictMode, and lets go of them", async () => {
  fetched.mockClear();
  const page = (...names: string[]) => (
    <StrictMode>
      <SocketProvider {...props()}>
        {names.map((name) => (
          <Orders key={name} name={name} {...(name === "c" && { where: { ...open } })} />
        ))}
      </SocketProvider>
    </StrictMode>
  );
  const { rerender, unmount } = render(page("a", "b", "c"));
  await settle();
  expect(ScriptSocket.made).toHaveLength(2);
  screen.getByText("a loading");
  await act(async () => ScriptSocket.made.forEach((socket) => socket.welcome().joined()));
  await shown("a ready 1");
  await shown("b ready 1");
  await shown("c ready 1");
  expect(fetched).toHaveBeenCalledTimes(2);
  const created = change(1, "order:created", { data: { id: 2 }, source: { tx: "11" } });
  await act(async () => void ScriptSocket.made.find(({ sent }) => !sent.at(-1).where)!.say(created));
  await shown("a ready 1,2");
  await shown("c ready 1");
  rerender(page("a", "b"));
  await settle();
  expect(ScriptSocket.made.filter(({ closed }) => !closed)).toHaveLength(1);
  screen.getByText("b ready 1,2");
  unmount();
  await settle();
  expect(ScriptSocket.made.filter(({ closed }) => !closed)).toHaveLength(0);
});

it("has no rows where pages are rendered on a server, and asks for none", () => {
  fetched.mockClear();
  const html = renderToString(
    <SocketProvider {...props()}>
      <Orders name="a" />
    </SocketProvider>,
  );
  expect(html).toBe("<p>a idle </p>");
  expect([ScriptSocket.made.length, fetched.mock.calls.length]).toEqual([0, 0]);
});

it("knows the rows", () => {
  () => {
    expectTypeOf(useRows("order").rows).toEqualTypeOf<readonly Order[]>();
    expectTypeOf(useRows("shop", { where: { any: { eq: 5 } } }).rows).toEqualTypeOf<readonly Row[]>();
    // @ts-expect-error orders have no such column
    useRows("order", { where: { nonsense: 5 } });
  };
});
