import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createFeed, type FeedOptions } from "../src/index.js";
import { filterOf } from "../src/filter.js";
import { random } from "./random.js";
import { bench, change, live, ScriptSocket, settle } from "./script.js";
import { FaultyServer, passes, until } from "./server.js";

const wires: Record<string, Partial<FeedOptions>> = {
  WebSocket: { WebSocket },
  "Server-Sent Events by fetch": { WebSocket: null },
  "Server-Sent Events by EventSource": { WebSocket: null, EventSource },
};
// Of the catalogue, as EventSource hears no others.
const stems = ["order", "sku", "purchase-order"];
const verbs = ["created", "updated", "deleted"];
const patterns = stems.flatMap((stem) => ["*", "bulk", ...verbs].map((verb) => `${stem}:${verb}`));
const indexOf = (cursor?: string) => (cursor === undefined ? undefined : Number(cursor.split(".")[1]));

/** Somebody on the page who wants some events for a while. */
interface Part {
  filter: string[];
  /** Where the feed was when it came and when it left, as indices of the log; undefined: it had not begun, it stayed. */
  from: number | undefined;
  to: number | undefined;
  heard: { event?: number; reset?: number }[];
  leave(): void;
}

describe.each(Object.entries(wires))("over %s", (_, options) => {
  let server: FaultyServer;
  beforeEach(async () => void (server = await FaultyServer.start()));
  afterEach(() => server.stop());

  it.each(Array.from({ length: 10 }, (_, i) => i + 1))(
    "each part of a page gets the events of its filter since it came, once and in order (seed %i)",
    async (seed) => {
      const { next, below } = random(seed);
      vi.spyOn(Math, "random").mockImplementation(() => next() / 100); // pauses of milliseconds
      const logged: unknown[] = [];
      const parts: Part[] = [];
      let begun: number | undefined;
      const feed = createFeed({
        url: server.url,
        tenantId: "T",
        ...options,
        getToken: () => "t",
        onReset: ({ cursor }) => {
          for (const part of parts) if (part.to === undefined) part.heard.push({ reset: indexOf(cursor)! });
        },
        log: (...entry) => void logged.push(entry),
      });
      feed.onStatus(({ cursor }) => void (begun ??= indexOf(cursor)));

      const come = (filter = Array.from({ length: 1 + below(3) }, () => patterns[below(patterns.length)]!)) => {
        const heard: Part["heard"] = [];
        const from = indexOf(feed.status.cursor);
        const hear = (event: { data: any }) => {
          if (heard.at(-1)?.event !== event.data.index) heard.push({ event: event.data.index });
        };
        const offs = [...new Set(filter)].map((name) =>
          name === "*" ? feed.on(name, hear) : feed.on(name as "order:*", (_, event) => hear(event)),
        );
        const leave = () => {
          part.to = indexOf(feed.status.cursor) ?? -1;
          offs.forEach((off) => off());
        };
        const part: Part = { filter, from, to: undefined, heard, leave };
        parts.push(part);
        return part;
      };
      const present = () => parts.filter((part) => part.to === undefined);
      const acts = [
        () => server.commit(1 + below(3), 1, stems[below(3)], verbs),
        () => server.commit(1 + below(3), 1, stems[below(3)], verbs),
        () => server.commit(1 + below(3), 1, stems[below(3)], verbs),
        () => server.commit(1, 2 + below(9), stems[below(3)]),
        () => server.progress(),
        () => void come(),
        () => void come(),
        () => void (next() < 0.1 && come(["*"])),
        // As under StrictMode, and as from one page to another.
        () => (come().leave(), void come()),
        () => void present()[below(3)]?.leave(),
        () => present().forEach((part) => next() < 0.5 && part.leave()),
        // Because of an event.
        () => {
          const off: () => void = feed.on(patterns[below(patterns.length)] as "order:*", () => (off(), void come()));
        },
        () => void (next() < 0.3 && server.cut()),
        () => next() < 0.3 && server.close(4002, "slow-consumer"),
        () => void (next() < 0.3 && server.faults.push({ kind: "cut", after: below(12) / 2 })),
        () => void server.faults.push({ kind: "delay", ms: below(4) }),
        () => (next() < 0.1 ? server.forget() : undefined),
        () => (next() < 0.05 ? server.rename() : undefined),
        () => void (next() < 0.1 && feed.close()),
      ];
      for (let n = 0; n < 150; n++) {
        acts[below(acts.length)]!();
        feed.connect();
        if (next() < 0.4) await new Promise((go) => setTimeout(go, below(8)));
      }
      server.faults = [];
      for (const filter of [["order:*"], ["sku:created", "sku:updated"]]) come(filter);
      for (const stem of stems) server.commit(3, 1, stem, verbs);
      await until(() => {
        server.progress();
        return feed.status.cursor === server.cursor(server.log.length);
      }, "everything is heard");

      for (const { filter, from = begun!, to = server.log.length, heard } of parts) {
        const want = (index: number) => passes(filter, server.log[index]!.event);
        let at = from;
        for (const { event, reset } of heard) {
          if (reset === undefined) while (at < event! && !want(at)) at++;
          expect(at, `${filter} from ${from} to ${to}`).toBe(event ?? at);
          at = reset ?? event! + 1;
        }
        const missed = server.log.slice(at, Math.max(to, 0)).filter((entry) => passes(filter, entry.event));
        expect(missed, `${filter} from ${from} to ${to}`).toEqual([]);
      }
      expect(logged.filter((entry) => (entry as unknown[])[0] === "error")).toEqual([]);
      await until(() => server.clients.size === 1, "there is one connection");
      feed.close();
    },
  );
});

describe("what the server is asked for", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const joins = (socket: ScriptSocket) => socket.sent.filter(({ type }) => type === "join-tenant").slice(1);

  it("is what the handlers want together", async () => {
    const b = bench();
    for (const name of ["sku:created", "order:*", "order:created"] as const) b.feed.on(name, () => {});
    expect((await live(b)).sent[1]).toEqual({ type: "join-tenant", tenantId: "T", events: ["order:*", "sku:created"] });
  });

  it("grows with those that come in one go, from where the stream is, and nothing comes twice", async () => {
    const b = bench();
    const seen: string[] = [];
    b.feed.on("order:created", (_, { position }) => seen.push(`order ${position}`));
    const socket = (await live(b)).say(change(1));
    b.feed.on("sku:created", (_, { position }) => seen.push(`sku ${position}`));
    b.feed.on("shop:*", () => {});
    socket.say(change(3), { type: "progress", tenantId: "T", cursor: "c4", position: 4 }); // was on its way
    await settle();
    expect(joins(socket)).toEqual([
      { type: "join-tenant", tenantId: "T", cursor: "c1", events: ["order:created", "shop:*", "sku:created"] },
    ]);
    b.feed.on("order:*", () => {}); // while the answer is on its way
    await settle();
    expect(joins(socket)).toHaveLength(1);
    socket.joined("c1", 1).say(change(2, "sku:created"));
    await settle();
    expect(joins(socket).slice(1)).toEqual([
      { type: "join-tenant", tenantId: "T", cursor: "c1", events: ["order:*", "shop:*", "sku:created"] },
    ]);
    socket.joined("c1", 1).say(change(2, "sku:created"), change(3));
    expect(seen).toEqual(["order 1", "sku 2", "order 3"]);
    expect(b.states.map(({ state }) => state)).toEqual(["connecting", "live"]);
  });

  it("shrinks when nobody has come back for a moment, at last to nothing", async () => {
    const b = bench();
    const offs = (["order:*", "sku:*"] as const).map((name) => b.feed.on(name, () => {}));
    const socket = await live(b);
    offs[1]!();
    await vi.advanceTimersByTimeAsync(900);
    const off = b.feed.on("sku:created", () => {});
    await vi.advanceTimersByTimeAsync(50);
    b.feed.off("sku:created");
    expect(joins(socket)).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(joins(socket).map(({ events }) => events)).toEqual([["order:*"]]);
    socket.joined();
    offs[0]!();
    off();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(joins(socket).at(-1).events).toEqual(["dashboard:none"]);
    socket.joined();
    b.feed.on("*", () => {});
    await settle();
    expect(joins(socket).at(-1).events).toBeUndefined();
    b.feed.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is what is wanted by then when the connection comes back", async () => {
    const b = bench();
    b.feed.on("order:*", () => {});
    (await live(b)).say(change(7));
    b.feed.on("sku:*", () => {});
    ScriptSocket.last.end();
    await vi.advanceTimersByTimeAsync(1_000);
    const socket = ScriptSocket.last.open();
    expect(socket.sent[1]).toMatchObject({ cursor: "c7", events: ["order:*", "sku:*"] });
    expect(joins(socket)).toEqual([]);
  });

  it("is what the option says, and a handler for something else is logged", async () => {
    const b = bench({ events: ["order:created"] });
    const socket = await live(b);
    b.feed.on("*", () => {});
    for (const name of ["order:*", "order:created", "order:unreadable"] as const) b.feed.on(name, () => {});
    expect(b.logged).toEqual([]);
    b.feed.on("order:updated", () => {});
    b.feed.on("sku:*", () => {});
    await settle();
    expect(joins(socket)).toEqual([]);
    expect(b.logged.map(([, text]) => text)).toEqual([
      "order:updated never comes: the feed was made for the events order:created",
      "sku:* never comes: the feed was made for the events order:created",
    ]);
  });

  it("has nothing that the server refuses", async () => {
    const b = bench();
    const bad = ["orders", "*:created", "order:*:x", "", "a b:c", `${"x".repeat(128)}:y`];
    for (const name of bad) b.feed.on(name as "order:*", () => {});
    expect(b.logged.map(([level, text]) => [level, text])).toEqual(
      bad.map((name) => ["warn", `no event is called ${name}: say order:created, order:* or *`]),
    );
    expect((await live(b)).sent[1].events).toEqual(["dashboard:none"]);
    expect(filterOf(Array.from({ length: 64 }, (_, n) => `t${n}:created`))).toHaveLength(64);
    expect(filterOf(Array.from({ length: 65 }, (_, n) => `t${n}:created`))).toBeUndefined();
  });

  it("says once what the server hints at", async () => {
    const b = bench();
    b.feed.on("oder:*", () => {});
    const socket = await live(b);
    const hinted = { type: "joined", tenantId: "T", cursor: "c0", position: 0, hint: "no table has events oder:*" };
    for (const name of ["order:*", "sku:*"] as const) {
      b.feed.on(name, () => {});
      await settle();
      socket.say(hinted);
    }
    expect(b.logged.map(([, text]) => text)).toEqual([hinted.hint]);
  });
});
