// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode, useState } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  SocketProvider,
  type SocketProviderProps,
  useFeedEvent,
  useFeedResync,
  useFeedStatus,
  useSocket,
} from "../src/react.js";
import { change, ScriptSocket } from "./script.js";

const props = (): SocketProviderProps => ({
  url: "https://feed.test",
  tenantId: "T",
  getToken: () => "t",
  onReset: () => {},
  WebSocket: ScriptSocket,
  log: () => {},
});
const settle = () => act(async () => {});
const join = () => act(async () => void ScriptSocket.last.welcome().joined());
const say = (...messages: object[]) => act(async () => void ScriptSocket.last.say(...messages));

beforeEach(() => void (ScriptSocket.made = []));
afterEach(cleanup);

function Status() {
  const { state, cursor } = useFeedStatus();
  return <p>{`${state} ${cursor ?? ""}`}</p>;
}

it("makes one socket under StrictMode, and none is left after it", async () => {
  const getToken = vi.fn(() => "t");
  const { unmount } = render(
    <StrictMode>
      <SocketProvider {...props()} getToken={getToken}>
        <Status />
      </SocketProvider>
    </StrictMode>,
  );
  await settle();
  expect(ScriptSocket.made).toHaveLength(1);
  expect(getToken).toHaveBeenCalledTimes(1);
  await join();
  screen.getByText("live c0");
  unmount();
  await settle();
  expect(ScriptSocket.made).toHaveLength(1);
  expect(ScriptSocket.last.closed).toBe(true);
});

it("leaves nothing behind when it goes before it has connected", async () => {
  render(<SocketProvider {...props()} />).unmount();
  await settle();
  expect(ScriptSocket.made).toHaveLength(0);
});

it("unsubscribes what it subscribed", async () => {
  const counts = { on: 0, off: 0 };
  const counted =
    (subscribe: any) =>
    (...args: any[]) => {
      const off = subscribe(...args);
      counts.on++;
      return () => {
        counts.off++;
        off();
      };
    };
  function Spy({ children }: { children: any }) {
    const feed = useSocket() as any;
    if (!feed.counted) for (const name of ["on", "onStatus", "onReset"]) feed[name] = counted(feed[name]);
    feed.counted = true;
    return children;
  }
  function Listener() {
    useFeedEvent("order:created", () => {});
    useFeedResync(() => {});
    return <Status />;
  }
  const { unmount } = render(
    <StrictMode>
      <SocketProvider {...props()}>
        <Spy>
          <Listener />
        </Spy>
      </SocketProvider>
    </StrictMode>,
  );
  await settle();
  expect(counts.on).toBeGreaterThan(4);
  unmount();
  expect(counts.off).toBe(counts.on);
});

it("calls the newest handler without subscribing anew", async () => {
  const seen: string[] = [];
  const subscribed = vi.fn();
  function Counter() {
    const feed = useSocket();
    const [count, setCount] = useState(0);
    useState(() => {
      const { on } = feed;
      Object.assign(feed, { on: (...args: Parameters<typeof on>) => (subscribed(), on(...args)) });
    });
    useFeedEvent("order:created", (_, { position }) => {
      seen.push(`${position} at ${count}`);
      setCount(count + 1);
    });
    return null;
  }
  render(
    <SocketProvider {...props()}>
      <Counter />
    </SocketProvider>,
  );
  await settle();
  await join();
  for (const position of [1, 2, 3]) await say(change(position));
  expect(seen).toEqual(["1 at 0", "2 at 1", "3 at 2"]);
  expect(subscribed).toHaveBeenCalledTimes(1);
});

it("renders with the status, not with events", async () => {
  const renders = vi.fn();
  function Watch() {
    renders();
    return <Status />;
  }
  render(
    <SocketProvider {...props()}>
      <Watch />
    </SocketProvider>,
  );
  await settle();
  await join();
  const { calls } = renders.mock;
  const before = calls.length;
  await say(change(1), change(2));
  expect(calls.length).toBe(before);
  await act(async () => ScriptSocket.last.end(4502, "forbidden"));
  screen.getByText("closed c2");
});

it("keeps its socket when callbacks change, and uses the new ones", async () => {
  const [first, second] = [vi.fn(), vi.fn()];
  const { rerender } = render(<SocketProvider {...props()} onReset={first} />);
  await settle();
  await join();
  rerender(<SocketProvider {...props()} onReset={second} getToken={() => "fresh"} />);
  await say({ type: "reset", tenantId: "T", cursor: "c9", position: 9, reason: "expired" }, { type: "token-expiring" });
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledWith({ reason: "expired", cursor: "c9", position: 9 });
  expect(ScriptSocket.last.sent.at(-1)).toEqual({ type: "auth", token: "fresh" });
  expect(ScriptSocket.made).toHaveLength(1);
});

it("changes the socket with the tenant", async () => {
  const seen: string[] = [];
  function Listener() {
    useFeedEvent("*", ({ tenantId }) => seen.push(tenantId));
    return null;
  }
  const { rerender } = render(
    <StrictMode>
      <SocketProvider {...props()}>
        <Listener />
      </SocketProvider>
    </StrictMode>,
  );
  await settle();
  await join();
  rerender(
    <StrictMode>
      <SocketProvider {...props()} tenantId="U">
        <Listener />
      </SocketProvider>
    </StrictMode>,
  );
  await settle();
  expect(ScriptSocket.made.map(({ closed }) => closed)).toEqual([true, false]);
  await act(
    async () => void ScriptSocket.last.welcome().say({ type: "joined", tenantId: "U", cursor: "u", position: 0 }),
  );
  await say(change(1), { ...change(1), tenantId: "U" });
  expect(seen).toEqual(["U"]);
});

it("has state loaded when the feed begins and when it resets, not when it comes back", async () => {
  const load = vi.fn();
  function Page() {
    useFeedResync(load);
    return null;
  }
  render(
    <StrictMode>
      <SocketProvider {...props()}>
        <Page />
      </SocketProvider>
    </StrictMode>,
  );
  await settle();
  await join();
  expect(load.mock.calls).toEqual([[{ reason: "joined", cursor: "c0", position: 0 }]]);
  await act(async () => ScriptSocket.last.end(4001, "shutdown; retry=0ms"));
  await vi.waitFor(() => expect(ScriptSocket.made).toHaveLength(2));
  await join();
  expect(load).toHaveBeenCalledTimes(1);
  await say({ type: "reset", tenantId: "T", cursor: "c9", position: 9, reason: "expired" });
  expect(load).toHaveBeenLastCalledWith({ reason: "expired", cursor: "c9", position: 9 });
});

it("says what is missing without a provider", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect(() => render(<Status />)).toThrow("need a SocketProvider around");
});

it("looks like a socket to old code", async () => {
  let socket!: ReturnType<typeof useSocket>;
  function Old() {
    socket = useSocket();
    return null;
  }
  render(
    <SocketProvider {...props()}>
      <Old />
    </SocketProvider>,
  );
  await settle();
  expect(socket.connected).toBe(false);
  await join();
  expect(socket.connected).toBe(true);
  const handler = vi.fn();
  socket.emit("join-tenant", "T");
  socket.on("order:created", handler);
  await settle();
  await join();
  await say(change(1));
  socket.off("order:created", handler);
  await say(change(2));
  expect(handler).toHaveBeenCalledTimes(1);
});

it("has its parts share the connection, each with its own events, under StrictMode", async () => {
  const seen: string[] = [];
  function Part({ name }: { name: "order:*" | "sku:*" }) {
    useFeedEvent(name, (_, { event, position }) => seen.push(`${name} ${event} ${position}`));
    return null;
  }
  const page = (...names: ("order:*" | "sku:*")[]) => (
    <StrictMode>
      <SocketProvider {...props()}>
        {names.map((name, i) => (
          <Part key={i} name={name} />
        ))}
        <Status />
      </SocketProvider>
    </StrictMode>
  );
  const joins = () => ScriptSocket.last.sent.filter(({ type }) => type === "join-tenant");
  const answer = (position: number) => act(async () => void ScriptSocket.last.joined(`c${position}`, position));

  const { rerender } = render(page("order:*"));
  await settle();
  await join();
  await say(change(1));
  expect(joins()).toMatchObject([{ events: ["order:*"] }]);

  rerender(page("order:*", "sku:*", "sku:*"));
  await say(change(3)); // was on its way, and comes again
  screen.getByText("live c1");
  expect(joins().slice(1)).toMatchObject([{ events: ["order:*", "sku:*"], cursor: "c1" }]);
  await answer(1);
  await say(change(2, "sku:updated"), change(3));
  expect(seen).toEqual([
    "order:* order:created 1",
    "sku:* sku:updated 2",
    "sku:* sku:updated 2",
    "order:* order:created 3",
  ]);

  rerender(page("sku:*")); // what is left changes its mind, and the others go
  await vi.waitFor(() => expect(joins()).toHaveLength(3), 10_000);
  expect(joins()[2]).toMatchObject({ events: ["sku:*"], cursor: "c3" });
  await answer(3);
  await say(change(4, "sku:created"));
  expect(seen.slice(4)).toEqual(["sku:* sku:created 4"]);
  expect(ScriptSocket.made).toHaveLength(1);
});
