import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** What goes wrong with one connection. Each is used once, in order. */
export type Fault =
  | { kind: "refuse" } // the request is cut before an answer
  | { kind: "cut"; after: number } // the connection is cut after so many messages, within one if it is a fraction
  | { kind: "close"; after: number; code: number; reason: string }
  | { kind: "delay"; ms: number } // each message comes so much later
  | { kind: "status"; status: number; problem: object; headers?: Record<string, string> };

interface Entry {
  event: string;
  position: number;
  from?: number;
  at: string;
  data: { index: number };
}

interface Client {
  next: number; // index of the first entry that was not sent
  events: string[];
  joined: boolean;
  send(message: object, cursor?: string): void;
  close(code: number, reason: string): void;
  cut(): void;
}

const tenant = "T";

/** Says whether a filter lets an event pass. */
export const passes = (events: readonly string[], name: string): boolean =>
  !events.length || events.some((p) => p === "*" || p === name || p === name.replace(/[^:]*$/, "*"));

/**
 * A server with a log, that speaks both wires as the real one does, until a
 * fault comes. A cursor is the name of the log and how many events are before
 * it, so it may point into a change.
 */
export class FaultyServer {
  log: Entry[] = [];
  name = "a";
  /** What cursors end with under rules: the name of a view. */
  tag = "";
  /** A stream is refused with 410 if its cursor does not count. */
  strict = false;
  /** How many entries were forgotten. */
  floor = 0;
  faults: Fault[] = [];
  /** WebSocket is blocked: handshakes are answered with an error. */
  blocked = false;
  /** Says whether a token is taken, or with which code it is refused. */
  verify: (token: string) => true | "invalid-token" | "token-expired" = () => true;
  /** Says whether a filter of rows is taken, or why it is refused. */
  admit: (where: unknown) => true | { status: number; code: string; detail: string } = () => true;
  pingInterval = 25_000;
  /** What happened. */
  upgrades = 0;
  tickets = 0;
  streams: URL[] = [];
  tokens: string[] = [];
  /** The filters of rows that joins asked for. */
  wheres: unknown[] = [];
  resets = 0;
  clients = new Set<Client>();

  private views = 0;
  private readonly sockets = new Set<Socket>();
  private readonly valid = new Map<string, string>();
  private readonly ws = new WebSocketServer({ noServer: true, handleProtocols: () => "rowcast.v1" });
  private constructor(private readonly http: Server) {}

  static async start(): Promise<FaultyServer> {
    const http = createServer();
    const server = new FaultyServer(http);
    http.on("connection", (socket) => {
      server.sockets.add(socket);
      socket.on("error", () => {}); // clients cut connections, too
      socket.on("close", () => server.sockets.delete(socket));
    });
    http.on("request", (request, response) => server.request(request, response));
    http.on("upgrade", (request, socket: Socket, head) => {
      server.upgrades++;
      const fault = server.takeFault("refuse", "status");
      if (fault) return void socket.destroy();
      if (server.blocked) return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      server.ws.handleUpgrade(request, socket, head, (ws) => server.websocket(ws, socket));
    });
    await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.http.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Commits a change that makes so many events; several rows make it a bulk statement. */
  commit(
    events = 1,
    rows = 1,
    stem = "order",
    verbs = ["updated", "status-changed", "third"],
    more: object = {},
  ): void {
    const position = (this.log.at(-1)?.position ?? 0) + rows;
    const names = (rows > 1 ? ["bulk"] : verbs.slice(0, events)).map((verb) => `${stem}:${verb}`);
    for (const event of names) {
      const from = rows > 1 ? { from: position - rows + 1 } : {};
      this.log.push({
        event,
        position,
        ...from,
        at: new Date().toISOString(),
        data: { index: this.log.length },
        ...more,
      });
    }
    for (const client of this.clients) this.deliver(client);
  }

  /** The history before now is gone: older cursors are expired. */
  forget(): void {
    this.floor = this.log.length;
  }

  /** The database was restored: cursors are of another history. */
  rename(): void {
    this.name += "a";
  }

  /** The policy changes: cursors are of another view, and clients hear so. */
  policy(retryAfter?: number): void {
    this.tag = `~view${++this.views}`;
    for (const client of this.clients) {
      if (!client.joined) continue;
      client.next = this.log.length;
      this.reset(client, "policy", retryAfter);
    }
  }

  cursor(index: number): string {
    return `${this.name}.${index}${this.tag}`;
  }

  /** Sends clients where they are, as the server does now and then. */
  progress(): void {
    for (const client of this.clients) {
      const at = this.at(client.next);
      if (client.joined) client.send({ type: "progress", ...at }, at.cursor);
    }
  }

  send(message: object): void {
    for (const client of this.clients) client.send(message);
  }
  close(code: number, reason: string): void {
    for (const client of [...this.clients]) client.close(code, reason);
  }
  cut(): void {
    for (const client of [...this.clients]) client.cut();
  }

  private takeFault(...kinds: Fault["kind"][]): Fault | undefined {
    return kinds.includes(this.faults[0]?.kind as Fault["kind"]) ? this.faults.shift() : undefined;
  }

  private deliver(client: Client): void {
    while (client.joined && client.next < this.log.length && this.clients.has(client)) {
      const entry = this.log[client.next++]!;
      const cursor = this.cursor(client.next);
      if (!passes(client.events, entry.event)) continue;
      client.send({ type: "event", tenantId: tenant, cursor, ...entry }, cursor);
    }
  }

  /** Where a stream is that has had so many events. */
  private at(index: number) {
    return { tenantId: tenant, cursor: this.cursor(index), position: this.log[index - 1]?.position ?? 0 };
  }

  private reset(client: Client, reason: string, retryAfter?: number): void {
    const at = this.at(client.next);
    this.resets++;
    client.send({ type: "reset", ...at, reason, ...(retryAfter && { retryAfter }) }, at.cursor);
  }

  /** Which event a cursor is before, or why it does not count. */
  private read(cursor: string): number | string {
    const [, name, index, tag] = /^(.*)\.(\d+)(~.*)?$/.exec(cursor) ?? [];
    if (index === undefined) return "invalid";
    if (name !== this.name || Number(index) > this.log.length) return "diverged";
    if ((tag ?? "") !== this.tag) return "policy";
    return Number(index) < this.floor ? "expired" : Number(index);
  }

  private join(client: Client, cursor: string | undefined, events: string[]): void {
    const from = cursor ? this.read(cursor) : this.log.length;
    if (cursor || !client.joined) client.next = typeof from === "number" ? from : this.log.length;
    client.events = events;
    const at = this.at(client.next);
    client.send({ type: "joined", ...at, ...(events.length && { events }) }, at.cursor);
    if (typeof from === "string") this.reset(client, from);
    client.joined = true;
    this.deliver(client);
  }

  /** Puts the next fault between the server and a client. */
  private faulty(
    raw: { write(text: string): void; close(code: number, reason: string): void; cut(part?: string): void },
    encode: (message: object, cursor?: string) => string,
  ): Client {
    const fault = this.takeFault("cut", "close", "delay");
    let sent = 0;
    let late: Promise<void> = Promise.resolve();
    const over = () => this.clients.delete(client);
    const client: Client = {
      next: 0,
      events: [],
      joined: false,
      send: (message, cursor) => {
        if (!this.clients.has(client)) return;
        const text = encode(message, cursor);
        if (fault?.kind === "cut" && ++sent > fault.after) {
          over();
          return raw.cut(fault.after % 1 ? text.slice(0, text.length / 2) : undefined);
        }
        if (fault?.kind === "close" && ++sent > fault.after) return client.close(fault.code, fault.reason);
        if (fault?.kind !== "delay") return raw.write(text);
        late = late
          .then(() => new Promise((go) => setTimeout(go, fault.ms)))
          .then(() => {
            if (this.clients.has(client)) raw.write(text);
          });
      },
      close: (code, reason) => {
        over();
        raw.close(code, reason);
      },
      cut: () => {
        over();
        raw.cut();
      },
    };
    this.clients.add(client);
    return client;
  }

  private websocket(ws: WebSocket, socket: Socket): void {
    const raw = {
      write: (text: string) => ws.send(text),
      close: (code: number, reason: string) => ws.close(code, reason),
      // A frame that says it is longer than what follows, when cut within.
      cut: (part?: string) =>
        part ? socket.end(Buffer.concat([Buffer.from([0x81, 125]), Buffer.from(part.slice(0, 60))])) : socket.destroy(),
    };
    const client = this.faulty(raw, (message) => JSON.stringify(message));
    ws.on("close", () => this.clients.delete(client));
    ws.on("error", () => {});
    client.send({ type: "welcome", protocol: 1, pingInterval: this.pingInterval, pingTimeout: 20_000 });
    let known = false;
    ws.on("message", (data) => {
      const m = JSON.parse(String(data));
      if (m.type === "ping") client.send({ type: "pong" });
      if (m.type === "auth") {
        this.tokens.push(m.token);
        const verdict = this.verify(m.token);
        if (verdict === true) known = true;
        else {
          client.send({ type: "error", code: verdict, message: "refused", request: "auth" });
          if (!known) client.close(verdict === "invalid-token" ? 4501 : 4003, verdict);
        }
      }
      if (m.type !== "join-tenant" || !known) return;
      this.wheres.push(m.where);
      const verdict = m.tenantId === tenant ? this.admit(m.where) : { code: "forbidden", detail: "not yours" };
      if (verdict === true) return this.join(client, m.cursor, m.events ?? []);
      const { code, detail } = verdict;
      client.send({ type: "error", code, message: detail, request: m.type, tenantId: m.tenantId });
    });
  }

  private request(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, this.url);
    const problem = (status: number, code: string, detail = code) =>
      response
        .writeHead(status, { "Content-Type": "application/problem+json" })
        .end(JSON.stringify({ status, code, detail }));
    // Who looks whether somebody is there is no connection.
    if (url.pathname === "/ws") return void problem(426, "bad-request");
    const fault = this.takeFault("refuse", "status");
    if (fault?.kind === "refuse") return void request.socket.destroy();
    if (fault?.kind === "status")
      return void response.writeHead(fault.status, fault.headers ?? {}).end(JSON.stringify(fault.problem));

    let token = request.headers.authorization?.replace("Bearer ", "");
    const ticket = url.searchParams.get("ticket");
    if (ticket) {
      token = this.valid.get(ticket);
      this.valid.delete(ticket);
    }
    if (token === undefined) return void problem(401, "invalid-token");
    this.tokens.push(token);
    const verdict = this.verify(token);
    if (verdict !== true) return void problem(401, verdict);
    if (url.pathname === "/tickets" && request.method === "POST") {
      const fresh = `ticket${++this.tickets}`;
      this.valid.set(fresh, token);
      return void response
        .writeHead(200, { "Content-Type": "application/json" })
        .end(JSON.stringify({ ticket: fresh, expiresIn: 30 }));
    }
    if (url.pathname !== "/events") return void problem(404, "not-found");
    if (url.searchParams.get("tenant") !== tenant) return void problem(403, "forbidden");

    const cursor = request.headers["last-event-id"]?.toString() ?? url.searchParams.get("cursor") ?? undefined;
    const from = this.strict && cursor ? this.read(cursor) : 0;
    if (typeof from === "string") {
      this.resets++;
      return void problem(410, from);
    }

    const where = url.searchParams.get("where");
    this.wheres.push(where === null ? undefined : JSON.parse(where));
    const admitted = this.admit(this.wheres.at(-1));
    if (admitted !== true) return void problem(admitted.status, admitted.code, admitted.detail);

    this.streams.push(url);
    response.writeHead(200, { "Content-Type": "text/event-stream", Connection: "close" }).write("retry: 2000\n\n");
    const event = (name: string, data: object, id?: string) =>
      `${id ? `id: ${id}\n` : ""}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    const client = this.faulty(
      {
        write: (text) => void response.write(text),
        close: (code, reason) => {
          const hint = /retry=(\d+)ms/.exec(reason);
          response.end(
            (hint ? `retry: ${hint[1]}\n` : "") +
              event("closed", { type: "closed", code, reason: reason.split(";")[0] }),
          );
        },
        cut: (part) => (part ? response.write(part, () => request.socket.destroy()) : request.socket.destroy()),
      },
      (message: any, cursor) =>
        event(message.event ?? (message.type === "error" ? message.code : message.type), message, cursor),
    );
    response.on("close", () => this.clients.delete(client));
    this.join(client, cursor, url.searchParams.getAll("events"));
  }
}

/** Waits for a fact. */
export async function until(fact: () => boolean, what = fact.toString()): Promise<void> {
  for (const end = Date.now() + 120_000; !fact(); await new Promise((go) => setTimeout(go, 2)))
    if (Date.now() > end) throw new Error(`it did not happen: ${what}`);
}
