export { createFeed } from "./feed.js";
export type { Feed, FeedOptions, FeedState, FeedStatus } from "./options.js";
export type { Log } from "./handlers.js";
export type { EventSourceClass, EventSourceLike } from "./sse.js";
export type { WebSocketClass, WebSocketLike } from "./websocket.js";
export type { Condition, Conditions, Operators, Where } from "./where.js";
export type { DataOf, FeedEvent, Reset, Source } from "./wire.js";
export * from "./tables.js";
export * from "./events.gen.js";
