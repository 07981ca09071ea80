import {
  type Connection,
  createWatch,
  hintOf,
  type Open,
  answerTimeout,
  probeTime,
  silent,
  type Start,
} from "./connection.js";
import { lost, type ServerMessage } from "./wire.js";

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
export const openWebSocket =
  (WebSocket: WebSocketClass): Open =>
  (start: Start): Connection => {
    const socket = new WebSocket(start.base.replace(/^http/, "ws") + "/ws", ["rowcast.v1"]);
    const send = (command: object) => socket.send(JSON.stringify(command));
    const join: Connection["join"] = (events, cursor) =>
      send({ type: "join-tenant", tenantId: start.tenantId, cursor, events, where: start.where });
    let welcome = false;
    const close = () => {
      watch.stop();
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {}; // ws throws an error that nobody handles
      socket.close();
    };
    const end: Start["end"] = (e) => {
      close();
      start.end(e);
    };
    const watch = createWatch(answerTimeout, () => end(silent));

    socket.onopen = () => {
      send({ type: "auth", token: start.token });
      join(start.events, start.cursor);
    };
    socket.onmessage = ({ data }) => {
      watch.heard();
      let message: ServerMessage;
      try {
        message = JSON.parse(data);
      } catch {
        return end({ code: lost, reason: "the server sent what is no message" });
      }
      if (message.type === "ping") return send({ type: "pong" });
      if (message.type === "welcome") {
        welcome = true;
        watch.limit(start.heartbeat ?? message.pingInterval + message.pingTimeout);
      }
      start.message(message);
    };
    socket.onerror = () => {}; // close follows
    socket.onclose = ({ code, reason }) =>
      end({ code: code || lost, reason: reason || "", retryIn: hintOf(reason || "") });
    return {
      close,
      join,
      auth: (token) => send({ type: "auth", token }),
      probe() {
        if (!welcome) return; // there is a limit already
        send({ type: "ping" });
        watch.limitOnce(probeTime);
      },
    };
  };
