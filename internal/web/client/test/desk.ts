import { random } from "./random.js";
import { type Mistake, type Shot, World } from "./world.js";

/** A request for rows, which is answered step by step. */
class Answer {
  shot: Shot | undefined;
  private lines: string[] = [];
  private body!: ReadableStreamDefaultController<Uint8Array>;
  private early: Shot | undefined;
  over = false;

  constructor(
    private readonly world: World,
    private readonly answer: (response: Response) => void,
    mistake?: Mistake,
  ) {
    if (mistake === "rows before their snapshot") this.early = world.snapshot();
  }

  refuse(status: number, code: string, headers: Record<string, string> = {}): void {
    if (this.shot) return this.cut();
    this.over = true;
    this.answer(new Response(JSON.stringify({ code, detail: code }), { status, headers }));
  }

  /** The next part: the snapshot first. True: it was the last one. */
  go(): boolean {
    if (this.over) return true;
    if (!this.shot) {
      this.shot = this.world.snapshot();
      const { text } = this.shot;
      const rows = (this.early ?? this.shot).rows;
      this.lines = [
        {
          type: "snapshot",
          tenantId: "T",
          table: "order",
          cursor: "c",
          snapshot: text,
          key: ["id"],
          columns: [{ name: "id" }],
        },
        ...rows.map((row) => ({ row })),
        { type: "end", rows: rows.length },
      ].map((line) => JSON.stringify(line) + "\n");
      this.answer(new Response(new ReadableStream<Uint8Array>({ start: (c) => void (this.body = c) })));
    }
    const text = this.lines.splice(0, 3).join("");
    try {
      this.body.enqueue(new TextEncoder().encode(text));
      if (!this.lines.length) this.body.close();
    } catch {
      this.over = true; // the client has gone
    }
    return (this.over ||= !this.lines.length);
  }

  cut(): void {
    this.over = true;
    if (!this.shot) return this.refuse(503, "unavailable");
    try {
      this.body.error(new TypeError("terminated"));
    } catch {} // the client has gone
  }

  /** Ends early, with a word. */
  stop(code: string): void {
    this.lines = [JSON.stringify({ type: "error", code }) + "\n"];
    if (this.shot) this.go();
  }
}

/** Serves one client, as slowly as the test wants. */
export class Desk {
  readonly world: World;
  readonly chance: ReturnType<typeof random>;
  answers: Answer[] = [];
  /** The snapshot of the last answer that was whole. */
  whole: Shot | undefined;
  socket: DeskSocket | undefined;
  /** The position up to which the client has everything, and the history that it knows. */
  sent = 0;
  epoch = 0;
  resets = 0;

  constructor(
    seed: number,
    wanted: string[] | undefined,
    readonly mistake?: Mistake,
  ) {
    this.chance = random(seed);
    this.world = new World(this.chance, wanted, mistake);
  }

  /** Sends so many changes. */
  deliver(most: number): void {
    const { world, socket } = this;
    while (socket?.joined && most-- > 0 && this.sent < world.log.length) {
      const op = world.log[this.sent++]!;
      for (const event of world.eventsOf(op, this.sent)) socket.say(event);
    }
  }

  progress(): void {
    const { world, sent } = this;
    if (this.socket?.joined)
      this.socket.say({ type: "progress", tenantId: "T", cursor: world.cursor(sent), position: sent });
  }

  cut(): void {
    this.socket?.end();
    this.socket = undefined;
  }

  restore(): void {
    this.world.restore();
    this.cut();
    for (const answer of this.answers.splice(0)) answer.cut();
  }

  join(socket: DeskSocket, cursor: string | undefined): void {
    const { world } = this;
    const [epoch, position] = (cursor ?? world.cursor(world.log.length)).split(".").map(Number) as [number, number];
    const reason = epoch !== world.epoch ? "diverged" : position < world.floor ? "expired" : undefined;
    const at = reason ? world.log.length : position;
    const where = { tenantId: "T", cursor: world.cursor(at), position: at };
    this.sent = at;
    this.epoch = world.epoch;
    socket.joined = true;
    socket.say({ type: "joined", ...where });
    if (!reason) return;
    this.resets++;
    this.whole = undefined;
    if (this.mistake !== "reset ignored") socket.say({ type: "reset", ...where, reason });
    else socket.say({ type: "progress", ...where });
  }

  readonly fetch = ((_url: string, { signal }: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      this.answers.push(new Answer(this.world, resolve, this.mistake));
    })) as typeof globalThis.fetch;

  /** Goes on with an answer. */
  answer(): void {
    const answer = this.answers[0];
    if (!answer?.go()) return;
    this.answers.shift();
    this.whole = answer.shot;
  }

  /** A class of sockets that lead here. */
  get WebSocket() {
    const desk = this;
    return class extends DeskSocket {
      constructor() {
        super(desk);
      }
    };
  }
}

class DeskSocket {
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  joined = false;

  constructor(private readonly desk: Desk) {
    queueMicrotask(() => {
      this.onopen?.({});
      this.say({ type: "welcome", protocol: 1, pingInterval: 25_000, pingTimeout: 20_000 });
    });
  }
  send(text: string) {
    const m = JSON.parse(text);
    if (m.type === "ping") this.say({ type: "pong" });
    if (m.type !== "join-tenant") return;
    this.desk.socket = this;
    queueMicrotask(() => this.desk.socket === this && this.desk.join(this, m.cursor));
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  end() {
    this.joined = false;
    this.onclose?.({ code: 1006, reason: "" });
  }
  close() {
    this.joined = false;
    if (this.desk.socket === this) this.desk.socket = undefined;
  }
}
