// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  SocketProvider,
  type SocketProviderProps,
  useFeedEvent,
  useFeedResync,
  useFeedStatus,
  useSocket,
} from "../src/react.js";
import type { Where } from "../src/index.js";
import { change, ScriptSocket } from "./script.js";

const props = (more: Partial<SocketProviderProps> = {}): SocketProviderProps => ({
  url: "https://feed.test",
  tenantId: "T",
  getToken: () => "t",
  onReset: () => {},
  WebSocket: ScriptSocket,
  log: () => {},
  ...more,
});
const settle = () => act(async () => {});
const open: Where = { order: { status: { in: ["pending", "processing"] } } };
const large: Where = { order: { total: { gte: 100 } } };

beforeEach(() => void (ScriptSocket.made = []));
afterEach(cleanup);

/** The sockets that are open, by the filter that they asked for. */
const sockets = () => ScriptSocket.made.filter(({ closed }) => !closed);
const joinOf = ({ sent }: ScriptSocket) => sent.findLast(({ type }) => type === "join-tenant");
const socketOf = (where: Where | undefined) => {
  const found = sockets().filter((socket) => JSON.stringify(joinOf(socket)?.where) === JSON.stringify(where));
  expect(found).toHaveLength(1);
  return found[0]!;
};
const expectSockets = (...wheres: (Where | undefined)[]) =>
  expect(new Set(sockets())).toEqual(new Set(wheres.map(socketOf)));
/** Opens the sockets that are new, and has each joined at a position. */
const join = async (position = 0) => {
  await settle();
  await act(async () => {
    for (const socket of sockets()) if (!socket.sent.length) socket.welcome().joined(`c${position}`, position);
  });
};
const say = (where: Where | undefined, ...messages: object[]) => act(async () => void socketOf(where).say(...messages));

const seen: string[] = [];
beforeEach(() => void (seen.length = 0));

function Part({ name, where }: { name: string; where?: Where }) {
  useFeedEvent(
    "order:updated",
    (_, { position, match }) => seen.push([name, position, match].filter(Boolean).join(" ")),
    { where },
  );
  return null;
}

it("shares a feed among hooks that want the same rows, beside that of the page, under StrictMode", async () => {
  const getToken = vi.fn(() => "t");
  const page = (...parts: [name: string, where?: Where][]) => (
    <StrictMode>
      <SocketProvider {...props({ getToken })}>
        {parts.map(([name, where]) => (
          <Part key={name} name={name} {...(where && { where })} />
        ))}
      </SocketProvider>
    </StrictMode>
  );
  const { rerender, unmount } = render(page(["all"], ["a", open], ["b", structuredClone(open)], ["c", large]));
  await settle();
  expect(ScriptSocket.made).toHaveLength(3);
  expect(getToken).toHaveBeenCalledTimes(3);
  expect(new Set(ScriptSocket.made.map(({ url }) => url)).size).toBe(1);
  await join();
  for (const where of [undefined, open, large]) expect(joinOf(socketOf(where)).events).toEqual(["order:updated"]);

  await say(open, change(1, "order:updated", { match: "entered" }));
  await say(undefined, change(1, "order:updated"));
  await say(large, change(2, "order:updated", { match: "left" }));
  expect(seen).toEqual(["a 1 entered", "b 1 entered", "all 1", "c 2 left"]);

  // Those who want these rows go, and others come in their place on the same connection.
  rerender(page(["all"], ["d", open], ["e", { ...open }]));
  await settle();
  expect(ScriptSocket.made).toHaveLength(3);
  expectSockets(undefined, open);
  seen.length = 0;
  await say(open, change(3, "order:updated"));
  expect(seen.sort()).toEqual(["d 3", "e 3"]);

  rerender(page(["all"]));
  await settle();
  expectSockets(undefined);
  rerender(page(["all"], ["f", open]));
  await join(3);
  await say(undefined, change(4, "order:created"));
  expect(sockets()).toHaveLength(2);
  unmount();
  await settle();
  expect(sockets()).toEqual([]);
});

it("begins where the feed of the page is, asks for what its own hooks want, and follows the filter of a hook", async () => {
  const page = (where?: Where) => (
    <SocketProvider {...props({ events: ["sku:*"] })}>{where && <Part name="a" where={where} />}</SocketProvider>
  );
  const { rerender } = render(page());
  await settle();
  await join();
  await say(undefined, change(7, "sku:created"));
  rerender(page(open));
  await join(7);
  expect(joinOf(socketOf(open))).toMatchObject({ cursor: "c7", events: ["order:updated"] });
  await say(undefined, change(8, "sku:created"));
  rerender(page(large));
  await join(8);
  expectSockets(undefined, large);
  expect(joinOf(socketOf(large))).toMatchObject({ cursor: "c8" });
});

it("is the feed of the page for a hook that wants the same rows as that", async () => {
  const page = (where: Where) => (
    <SocketProvider {...props({ where })}>
      <Part name="a" where={open} />
      <Part name="b" />
    </SocketProvider>
  );
  const { rerender } = render(page({ ...open }));
  await settle();
  await join();
  expect(ScriptSocket.made).toHaveLength(1);
  await say(open, change(1, "order:updated"));
  expect(seen).toEqual(["a 1", "b 1"]);
  rerender(page({ ...open }));
  await settle();
  expect(ScriptSocket.made).toHaveLength(1);
  rerender(page(large));
  await join();
  expectSockets(large, open);
});

it("has a status and resets of its own, and the page hears of its resets, too", async () => {
  const onReset = vi.fn();
  const load = vi.fn();
  const loadOpen = vi.fn();
  let feed!: ReturnType<typeof useSocket>;
  function Status({ name, where }: { name: string; where?: Where }) {
    const { state, reason, cursor } = useFeedStatus({ where });
    return <p>{[name, state, reason, cursor].filter(Boolean).join(" ")}</p>;
  }
  function Page() {
    feed = useSocket();
    useFeedResync(load);
    useFeedResync(loadOpen, { where: open });
    return (
      <>
        <Status name="page" />
        <Status name="open" where={open} />
      </>
    );
  }
  const refused = { type: "error", code: "bad-request", message: "no such column", request: "join-tenant" };
  const { unmount } = render(
    <SocketProvider {...props({ onReset })}>
      <Page />
    </SocketProvider>,
  );
  await settle();
  screen.getByText("open connecting");
  await join();
  screen.getByText("open live c0");
  expect([load.mock.calls.length, loadOpen.mock.calls.length]).toEqual([1, 1]);
  await say(open, { type: "reset", tenantId: "T", cursor: "c9", position: 9, reason: "expired" });
  expect(load).toHaveBeenCalledTimes(1);
  expect(loadOpen).toHaveBeenLastCalledWith({ reason: "expired", cursor: "c9", position: 9 });
  expect(onReset).toHaveBeenCalledTimes(1);

  await say(open, refused);
  screen.getByText(/^open closed no such column/);
  screen.getByText("page live c0");
  await act(async () => feed.close());
  screen.getByText(/^open idle/);
  await act(async () => feed.connect());
  await settle();
  screen.getByText(/^open connecting/);
  expect(sockets()).toHaveLength(2);
  unmount();
  await settle();
  expect(sockets()).toEqual([]);
});
