import type { Feed, FeedOptions } from "./options.js";
/** Makes a feed of one tenant. It does nothing until connect. */
export declare function createFeed(options: FeedOptions): Feed;
