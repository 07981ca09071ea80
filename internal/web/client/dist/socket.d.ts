import type { FeedOptions } from "./options.js";
import type { EventName } from "./tables.js";
import { type DataOf, type FeedEvent, type Reset } from "./wire.js";
export type SocketServiceOptions = Partial<Omit<FeedOptions, "tenantId" | "cursor">>;
/** What happens to the connection, beside the events of the feed. */
export interface SocketEvents {
    /** Every tenant is live for the first time, or again. */
    connect: [];
    /** The connection is gone; the reason in words. It comes back by itself unless a connect_error follows. */
    disconnect: [reason: string];
    /** The connection was refused for good. */
    connect_error: [error: Error & {
        code?: number | undefined;
    }];
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
export declare function createSocketService(options?: SocketServiceOptions): SocketService;
/** The service of the page, for the server that the page came from. */
export declare const socketService: SocketService;
