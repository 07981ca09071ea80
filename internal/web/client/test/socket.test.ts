import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSocketService, type SocketServiceOptions, socketService } from "../src/socket.js";
import { claimsOf, tenantsOf } from "../src/token.js";
import { change, ScriptSocket, settle } from "./script.js";

const token = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

beforeEach(() => {
  vi.useFakeTimers();
  ScriptSocket.made = [];
});
afterEach(() => void vi.useRealTimers());

function service(options: SocketServiceOptions = {}) {
  const said: unknown[] = [];
  const s = createSocketService({ url: "https://feed.test", WebSocket: ScriptSocket, log: () => {}, ...options });
  s.on("connect", () => said.push("connect"));
  s.on("disconnect", (reason) => said.push(["disconnect", reason]));
  s.on("connect_error", ({ message, code }) => said.push(["connect_error", message, code]));
  return { s, said };
}

it("joins the tenant of the token by itself, and reports events by name", async () => {
  const { s, said } = service();
  const seen: unknown[] = [];
  const created = (order: any, event: any) => seen.push([order.n, event.position]);
  s.on("order:created", created);
  const mine = token({ tenant_id: "T" });
  s.connect(mine);
  await settle();
  const socket = ScriptSocket.last.welcome();
  expect(socket.sent).toEqual([
    { type: "auth", token: mine },
    { type: "join-tenant", tenantId: "T" },
  ]);
  expect(s.connected).toBe(false);
  socket.joined().say(change(1));
  expect(s.connected).toBe(true);
  s.off("order:created", created);
  socket.say(change(2));
  expect(seen).toEqual([[1, 1]]);
  s.connect(mine); // as pages do that mount again
  s.emit("join-tenant", "T");
  await settle();
  expect(ScriptSocket.made).toHaveLength(1);
  s.disconnect();
  expect(s.connected).toBe(false);
  expect(said).toEqual(["connect", ["disconnect", "io client disconnect"]]);
  expect(vi.getTimerCount()).toBe(0);
});

it("comes back after a cut, and says so", async () => {
  const { s, said } = service();
  s.connect(token({ tenantId: "T" }));
  await settle();
  ScriptSocket.last.welcome().joined().end(4001, "shutdown; retry=10ms");
  await vi.advanceTimersByTimeAsync(10);
  ScriptSocket.last.welcome().joined();
  expect(said).toEqual(["connect", ["disconnect", "shutdown; retry=10ms"], "connect"]);
  s.disconnect();
});

it("joins and leaves other tenants when asked to", async () => {
  const { s } = service();
  s.connect(token({ tenants: ["T"] }));
  s.emit("join-tenant", "U");
  await settle();
  for (const socket of ScriptSocket.made) socket.open();
  expect(ScriptSocket.made.map((socket) => socket.sent[1].tenantId)).toEqual(["T", "U"]);
  s.emit("leave-tenant", "U");
  expect(ScriptSocket.made.map((socket) => socket.closed)).toEqual([false, true]);
  s.disconnect();
});

it("begins anew with another token", async () => {
  const { s } = service();
  s.connect(token({ tenant_id: "T" }));
  await settle();
  s.connect(token({ tenant_id: "U" }));
  await settle();
  expect(ScriptSocket.made[0]!.closed).toBe(true);
  expect(ScriptSocket.last.open().sent[1].tenantId).toBe("U");
  s.disconnect();
});

it("says connect_error when a token is refused, or expires with nobody to give a fresh one", async () => {
  const { s, said } = service();
  s.connect(token({ tenant_id: "T" }));
  await settle();
  ScriptSocket.last.welcome().end(4501, "invalid-token");
  s.connect(token({ tenant_id: "T" }));
  await settle();
  ScriptSocket.last.welcome().joined().end(4003, "token-expired");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(said).toEqual([
    ["connect_error", "invalid-token", 4501],
    "connect",
    ["disconnect", "token-expired"],
    ["connect_error", "there is no token", 4501],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

it("reports resets", async () => {
  const onReset = vi.fn();
  const { s } = service({ onReset });
  const heard = vi.fn();
  s.on("reset", heard);
  s.connect(token({ tenant_id: "T" }));
  await settle();
  const reset = { reason: "expired", cursor: "c9", position: 9 };
  ScriptSocket.last
    .welcome()
    .joined()
    .say({ type: "reset", tenantId: "T", ...reset });
  expect(onReset).toHaveBeenCalledWith(reset);
  expect(heard).toHaveBeenCalledWith(reset, "T");
  s.disconnect();
});

it("is there as a singleton that does nothing by itself", () => {
  expect(socketService.connected).toBe(false);
  expect(() => socketService.disconnect()).not.toThrow();
});

it("reads what tokens name", () => {
  expect(tenantsOf(token({ tenant_id: "A", tenants: ["A", "B", 3, 1.5, null, ""] }))).toEqual(["A", "B", "3"]);
  expect(tenantsOf(token({ tenant_id: 7, tenants: { A: { role: "x" }, B: null, C: false, D: 1 } }))).toEqual([
    "7",
    "A",
    "D",
  ]);
  expect(claimsOf(token({ name: "Zoë 🙂" }))).toEqual({ name: "Zoë 🙂" });
  for (const text of ["", "a.b", "a.%.c", `a.${btoa("[")}.c`]) expect(tenantsOf(text)).toEqual([]);
});
