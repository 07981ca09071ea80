import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createFeed, type FeedOptions, type FeedStatus } from "../src/index.js";
import { random } from "./random.js";
import { FaultyServer, until } from "./server.js";

const wires: Record<string, Partial<FeedOptions>> = {
  WebSocket: { WebSocket },
  "Server-Sent Events by fetch": { WebSocket: null },
  "Server-Sent Events by EventSource": { WebSocket: null, EventSource },
  "both, as WebSocket comes and goes": { WebSocket },
};

/** Which state may follow which. */
const follows: Record<FeedStatus["state"], FeedStatus["state"][]> = {
  idle: ["connecting"],
  connecting: ["connecting", "live", "catching-up", "closed", "idle"],
  "catching-up": ["live", "stale", "connecting", "closed", "idle"],
  live: ["stale", "connecting", "closed", "idle"],
  stale: ["live", "connecting", "closed", "idle"],
  closed: ["connecting", "idle"],
};

/** How many events are before a cursor. */
const indexOf = (cursor: string): number => parseInt(cursor.split(".")[1]!);

let server: FaultyServer;
beforeEach(async () => {
  server = await FaultyServer.start();
});
afterEach(() => server.stop());

describe.each(Object.entries(wires))("over %s", (wire, options) => {
  it.each(Array.from({ length: 8 }, (_, i) => i + 1))(
    "every event comes once and in order, or a reset is heard (seed %i)",
    async (seed) => {
      const { next, below } = random(seed);
      vi.spyOn(Math, "random").mockImplementation(() => next() / 100); // pauses of milliseconds

      /** Events and resets as they are heard: an index of the log. */
      const heard: { event?: number; reset?: number; name?: string }[] = [];
      const states: FeedStatus[] = [];
      const logged: unknown[] = [];
      let tokens = 0;
      let begun: number | undefined;
      const feed = createFeed({
        url: server.url,
        tenantId: "T",
        ...options,
        getToken: () => `token${++tokens}`,
        onReset: ({ cursor }) => void heard.push({ reset: indexOf(cursor) }),
        log: (...entry) => void logged.push(entry),
      });
      feed.onStatus((status) => {
        states.push(status);
        if (begun === undefined && status.cursor !== undefined) begun = indexOf(status.cursor);
      });
      feed.on("order:third", () => {}); // EventSource hears names outside the catalogue if somebody listens to them
      feed.on("*", ({ data, event }) => void heard.push({ event: data.index, name: event }));
      for (let n = below(5); n > 0; n--) server.commit();
      feed.connect();

      const acts = [
        () => server.commit(1 + below(3)),
        () => server.commit(1 + below(3)),
        () => server.commit(1, 2 + below(50)),
        () => void server.cut(),
        () => server.close(4001, `shutdown; retry=${below(9)}ms`),
        () => server.close([1001, 1013, 4002, 4003, 4005][below(5)]!, "slow-consumer"),
        () => void server.faults.push({ kind: "cut", after: below(12) / 2 }),
        () => void server.faults.push({ kind: "close", after: below(5), code: 4002, reason: "slow-consumer" }),
        () => void server.faults.push({ kind: "refuse" }),
        () => void server.faults.push({ kind: "delay", ms: below(4) }),
        () => server.send({ type: "token-expiring" }),
        () => server.send({ type: "error", code: "stale", message: "late" }),
        () => (next() < 0.2 ? server.forget() : undefined),
        () => (next() < 0.1 ? server.rename() : undefined),
        () => (next() < 0.2 ? server.policy() : undefined),
        () => void (server.strict = next() < 0.5),
        () => void (next() < 0.2 && feed.close()),
        () => (server.blocked = wire.startsWith("both") && next() < 0.5),
      ];
      for (let n = 0; n < 120; n++) {
        acts[below(acts.length)]!();
        feed.connect();
        if (next() < 0.4) await new Promise((go) => setTimeout(go, below(12)));
      }
      server.faults = [];
      server.blocked = false;
      server.commit(); // lest the last word is that events are late
      await until(() => feed.status.cursor === server.cursor(server.log.length), "everything is heard");
      await until(() => feed.status.state === "live");

      let expected = begun!;
      for (const { event, reset, name } of heard) {
        if (event !== undefined) {
          expect({ index: event, name }).toEqual({ index: expected, name: server.log[expected]!.event });
          expected++;
        } else {
          expect(reset).toBeGreaterThanOrEqual(expected);
          expected = reset!;
        }
      }
      expect(expected).toBe(server.log.length);
      expect(heard.filter(({ reset }) => reset !== undefined).length).toBeLessThanOrEqual(server.resets);
      states.reduce((before, after) => {
        expect(follows[before.state], `${before.state} before ${after.state}`).toContain(after.state);
        return after;
      });
      expect(logged.filter((entry) => (entry as unknown[])[0] !== "warn")).toEqual([]);
      await until(() => server.clients.size === 1, "there is one connection");
      feed.close();
      await until(() => server.clients.size === 0, "there is no connection after close");
    },
  );
});

describe("resuming", () => {
  it("works at every prefix, also within a change", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (const events of [1, 3, 2, 1, 3]) server.commit(events);
    for (let prefix = 0; prefix <= server.log.length; prefix++) {
      const seen: number[] = [];
      const feed = createFeed({
        url: server.url,
        tenantId: "T",
        WebSocket,
        getToken: () => "t",
        cursor: server.cursor(prefix),
        onReset: () => void seen.push(-1),
      });
      feed.on("*", ({ data }) => void seen.push(data.index));
      feed.connect();
      await until(() => feed.status.state === "live");
      expect(seen).toEqual(server.log.slice(prefix).map(({ data }) => data.index));
      feed.close();
    }
  });

  it("reports the reset that a cut took away", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    server.commit();
    const resets: string[] = [];
    const feed = createFeed({
      url: server.url,
      tenantId: "T",
      WebSocket,
      getToken: () => "t",
      cursor: "other.1",
      onReset: ({ reason }) => void resets.push(reason),
    });
    server.faults = [{ kind: "cut", after: 2 }]; // after welcome and joined
    feed.connect();
    await until(() => resets.length > 0);
    expect(resets).toEqual(["diverged"]);
    expect(server.resets).toBe(2);
    feed.close();
  });
});
