import { type Open } from "./connection.js";
/** The part of WebSocket that is used: that of browsers, of Node and of the package ws have it. */
export interface WebSocketLike {
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(data: string): void;
    close(code?: number, reason?: string): void;
}
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;
/** The native wire. The token and what to join are sent at once, without waiting for an answer. */
export declare const openWebSocket: (WebSocket: WebSocketClass) => Open;
