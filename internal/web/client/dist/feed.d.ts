import type { Feed, FeedOptions } from "./options.js";
import type { AnyTables, Known } from "./tables.js";
import { type Views } from "./views.js";
/** Makes a feed of one tenant, for tables that `rowcast types` has written. It does nothing until connect. */
export declare function createFeed<T extends AnyTables = Known>(options: FeedOptions<NoInfer<T>>): Feed<T>;
/** Makes a feed, and the others beside it: for each filter that parts of the page have. */
export declare function openFeed<T extends AnyTables = Known>(options: FeedOptions<NoInfer<T>>): [feed: Feed<T>, views: Views];
