import { describe, expect, it } from "vitest";
import { begin, hasJoined, type Input, nameOf, next, type State } from "../src/machine.js";
import { random } from "./random.js";

const both = { websocket: true, sse: true };
const end = (code: number, more: object = {}): Input => ({
  type: "ended",
  end: { code, reason: "why", ...more },
  now: 0,
  chance: 0.5,
  online: true,
});

/** A state of each kind, as inputs lead there. */
const walk = (...inputs: Input[]) => inputs.reduce(next, begin(both));
const joined: Input = { type: "joined", resumed: true, now: 0 };
const joining = [{ type: "connect" }, { type: "token" }] as const;
const states: Record<State["at"], State> = {
  idle: begin(both),
  token: walk({ type: "connect" }),
  joining: walk(...joining),
  "catching-up": walk(...joining, joined),
  live: walk(...joining, { ...joined, resumed: false }),
  stale: walk(...joining, joined, { type: "stale" }),
  waiting: walk(...joining, end(1006)),
  closed: walk(...joining, end(4502)),
};

/** Where each input leads; from others it leads nowhere. */
const leads: Record<string, [input: Input, to: Partial<Record<State["at"], State["at"]>>]> = {
  connect: [{ type: "connect" }, { idle: "token", closed: "token" }],
  close: [
    { type: "close" },
    Object.fromEntries(Object.keys(states).map((at) => [at, "idle"])) as Record<State["at"], "idle">,
  ],
  again: [
    { type: "again", fresh: true },
    { waiting: "token", "catching-up": "token", live: "token", stale: "token" },
  ],
  token: [{ type: "token" }, { token: "joining" }],
  spoke: [{ type: "spoke" }, {}],
  "joined anew": [{ ...joined, resumed: false }, { joining: "live" }],
  "joined with a cursor": [joined, { joining: "catching-up" }],
  "caught up": [{ type: "caught-up" }, { "catching-up": "live", stale: "live" }],
  stale: [{ type: "stale" }, { "catching-up": "stale", live: "stale" }],
  lost: [
    end(1006),
    { token: "waiting", joining: "waiting", "catching-up": "waiting", live: "waiting", stale: "waiting" },
  ],
  refused: [
    end(4502),
    { token: "closed", joining: "closed", "catching-up": "closed", live: "closed", stale: "closed" },
  ],
  seen: [{ type: "seen" }, { waiting: "token" }],
  online: [{ type: "online" }, { waiting: "token" }],
};

describe("the machine", () => {
  it.each(Object.keys(states) as State["at"][])("reaches %s, and leaves it only as it may", (at) => {
    expect(states[at].at).toBe(at);
    for (const [name, [input, to]] of Object.entries(leads))
      expect({ name, to: next(states[at], input).at }).toEqual({ name, to: to[at] ?? at });
  });

  it("keeps the same object where an input means nothing", () => {
    for (const [input, to] of Object.values(leads))
      for (const state of Object.values(states))
        if (!to[state.at] && !["spoke", "online"].includes(input.type)) expect(next(state, input)).toBe(state);
  });

  it.each([1, 2, 3, 4, 5, 6])("holds its rules whatever comes (seed %i)", (seed) => {
    const { next: chance, below } = random(seed);
    const can = [both, { websocket: true, sse: false }, { websocket: false, sse: true }][below(3)]!;
    let state = begin(can);
    let now = 0;
    for (let n = 0; n < 5_000; n++) {
      now += below(12_000);
      const code = [1000, 1002, 1006, 4001, 4003, 4501][below(6)]!;
      const retryIn = [undefined, below(1e12), NaN, -1][below(4)];
      const inputs: Input[] = [
        ...Object.values(leads).map(([input]) => input),
        { type: "joined", resumed: chance() < 0.5, now },
        { type: "ended", end: { code, reason: "", retryIn }, now, chance: chance(), online: chance() < 0.9 },
      ];
      const input = inputs[below(inputs.length)]!;
      const before = Object.freeze(state);
      state = next(before, input);

      if (["idle", "closed"].includes(before.at) && state !== before)
        expect(["connect", "close"]).toContain(input.type);
      if (state.at === "waiting") {
        expect(state.retryIn).toBeLessThanOrEqual(state.named ? 2 ** 31 - 1 : 30_000);
        expect(state.retryIn).toBeGreaterThanOrEqual(0);
      }
      // Nobody hurries a pause that the server has named.
      if (before.at === "waiting" && before.named && ["seen", "online"].includes(input.type))
        expect(state.at).toBe("waiting");
      if ("transport" in state) {
        expect(can[state.transport]).toBe(true);
        if (before.at === "token" && can.sse && can.websocket)
          expect(state.transport).toBe(before.silences < 2 ? "websocket" : "sse");
      }
      expect(hasJoined(state)).toBe(["live", "catching-up", "stale"].includes(nameOf(state)));
    }
  });

  it("gives WebSocket up after two attempts without a word, and tries it again after a stream that did not begin", () => {
    const attempt = (state: State, ...said: Input[]) =>
      [{ type: "online" } as const, { type: "token" } as const, ...said].reduce(next, state);
    const silent = (state: State) => next(next(next(state, { type: "seen" }), { type: "token" }), end(1006));
    const twice = silent(walk(...joining, end(1006)));
    expect(next(next(twice, { type: "seen" }), { type: "token" })).toMatchObject({ at: "joining", transport: "sse" });
    const stream = silent(twice);
    expect(stream.silences).toBe(1);
    expect(attempt(twice)).toMatchObject({ transport: "websocket" }); // the network is another one
    expect(next(attempt(twice, { type: "spoke" }), end(1006)).silences).toBe(0);
  });
});
