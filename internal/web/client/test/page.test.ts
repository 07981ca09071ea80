// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://page.test/" }
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { bench, live, ScriptSocket } from "./script.js";

const see = (visible: boolean) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: visible ? "visible" : "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
};
const network = (on: boolean) => {
  Object.defineProperty(navigator, "onLine", { configurable: true, value: on });
  window.dispatchEvent(new Event(on ? "online" : "offline"));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.999);
});
afterEach(() => {
  network(true);
  vi.useRealTimers();
});

it.each([
  ["the network is back", () => network(true)],
  ["the page is seen again", () => see(true)],
])("connects at once when %s", async (_, wake) => {
  const b = bench();
  (await live(b)).end();
  see(false);
  await vi.advanceTimersByTimeAsync(10);
  expect(ScriptSocket.made).toHaveLength(1);
  wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(ScriptSocket.made).toHaveLength(2);
  b.feed.close();
});

it("waits nevertheless when the server said how long", async () => {
  const b = bench();
  (await live(b)).end(4001, "shutdown; retry=5000ms");
  network(true);
  see(true);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(ScriptSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(ScriptSocket.made).toHaveLength(2);
  b.feed.close();
});

it("tries seldom while there is no network", async () => {
  const b = bench();
  const socket = await live(b);
  network(false);
  socket.end();
  expect(b.feed.status.retryIn).toBe(29_970);
  b.feed.close();
});

it("asks a server that may be gone, and believes it if it answers", async () => {
  const b = bench();
  const socket = await live(b);
  see(true);
  expect(socket.sent.at(-1)).toEqual({ type: "ping" });
  await vi.advanceTimersByTimeAsync(4_999);
  socket.say({ type: "pong" });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(b.feed.status.state).toBe("live");
  network(false);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(b.feed.status).toMatchObject({ state: "connecting", reason: "the server is silent" });
  b.feed.close();
});

it("hears nothing of the page before connect and after close", async () => {
  const add = vi.spyOn(document, "addEventListener");
  const remove = vi.spyOn(document, "removeEventListener");
  const b = bench();
  expect(add).not.toHaveBeenCalled();
  const socket = await live(b);
  expect(add).toHaveBeenCalledTimes(1);
  b.feed.close();
  expect(remove.mock.calls).toEqual(add.mock.calls);
  see(true);
  network(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ScriptSocket.made).toHaveLength(1);
  expect(socket.sent).toHaveLength(2);
});

it("takes the address of the page", async () => {
  const b = bench({ url: "/" });
  b.feed.connect();
  await vi.advanceTimersByTimeAsync(0);
  expect(ScriptSocket.last.url).toBe(location.href.replace(/^http/, "ws").replace(/\/$/, "") + "/ws");
  b.feed.close();
});
