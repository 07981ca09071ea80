import { createFeed } from "./feed.js";
import { consoleLog, createHandlers } from "./handlers.js";
import type { Feed, FeedOptions, FeedStatus } from "./options.js";
import { tenantsOf } from "./token.js";
import type { EventName } from "./tables.js";
import { type DataOf, type FeedEvent, patternOf, type Reset } from "./wire.js";

export type SocketServiceOptions = Partial<Omit<FeedOptions, "tenantId" | "cursor">>;

/** What happens to the connection, beside the events of the feed. */
export interface SocketEvents {
  /** Every tenant is live for the first time, or again. */
  connect: [];
  /** The connection is gone; the reason in words. It comes back by itself unless a connect_error follows. */
  disconnect: [reason: string];
  /** The connection was refused for good. */
  connect_error: [error: Error & { code?: number | undefined }];
  /** What is on the screen has to be loaded again. */
  reset: [reset: Reset, tenantId: string];
}

/** The socket service of frontends that spoke Socket.IO, on feeds: one for each tenant. */
export interface SocketService {
  readonly connected: boolean;
  /** Connects with a token and joins the tenants that it names, or else those asked for by join-tenant. */
  connect(token: string): SocketService;
  /** Leaves every tenant. Handlers stay. */
  disconnect(): void;
  on<N extends keyof SocketEvents>(name: N, handler: (...args: SocketEvents[N]) => unknown): SocketService;
  on<N extends EventName>(name: N, handler: (data: DataOf<N>, event: FeedEvent<N>) => unknown): SocketService;
  on(name: string, handler: (data: any, event: FeedEvent) => unknown): SocketService;
  /** Removes a handler, or all of a name. */
  off(name: string, handler?: (...args: any[]) => unknown): SocketService;
  emit(name: "join-tenant" | "leave-tenant", tenantId: string): SocketService;
}

/**
 * Makes a service. Without the option getToken a token that has expired ends
 * it with connect_error, and connect is to be called with another one.
 */
export function createSocketService(options: SocketServiceOptions = {}): SocketService {
  const log = options.log ?? consoleLog;
  const handlers = createHandlers(log);
  const feeds = new Map<string, Feed>();
  let token: string | undefined;
  let up = false;

  const live = () => feeds.size > 0 && [...feeds.values()].every((feed) => feed.connected);
  const follow = (status: FeedStatus) => {
    if (up !== live()) {
      up = !up;
      if (up) handlers.call("connect");
      else handlers.call("disconnect", status.reason ?? "io client disconnect");
    }
    if (status.state === "closed") {
      const error = Object.assign(new Error(status.reason ?? "closed"), { code: status.code });
      handlers.call("connect_error", error);
    }
  };
  const join = (tenantId: string) => {
    if (feeds.has(tenantId)) return;
    const feed = createFeed({
      url: "/",
      getToken: (fresh) => (fresh ? null : token),
      ...options,
      tenantId,
      onReset(reset) {
        options.onReset?.(reset);
        handlers.call("reset", reset, tenantId);
      },
    });
    feed.on("*", (event) => {
      handlers.call(event.event, event.data, event);
      handlers.call(patternOf(event.event), event.data, event);
    });
    feed.onStatus(follow);
    feeds.set(tenantId, feed);
    feed.connect();
  };
  const leave = (tenantId: string) => {
    const feed = feeds.get(tenantId);
    feeds.delete(tenantId);
    feed?.close();
  };

  const service: SocketService = {
    get connected() {
      return live();
    },
    connect(next) {
      if (next !== token) service.disconnect();
      token = next;
      tenantsOf(next).forEach(join);
      for (const feed of feeds.values()) feed.connect();
      return service;
    },
    disconnect() {
      token = undefined;
      [...feeds.keys()].forEach(leave);
    },
    on(name: string, handler: (...args: any[]) => unknown) {
      handlers.on(name, handler);
      return service;
    },
    off(name, handler) {
      handlers.off(name, handler);
      return service;
    },
    emit(name, tenantId) {
      if (name === "leave-tenant") leave(tenantId);
      else if (name !== "join-tenant")
        log("warn", `${String(name)} is nothing that the server takes; changes come from the database`);
      else if (token === undefined) log("warn", "join-tenant before connect");
      else join(tenantId);
      return service;
    },
  };
  return service;
}

/** The service of the page, for the server that the page came from. */
export const socketService = createSocketService();
