import type { Feed, FeedOptions } from "./options.js";
import type { AnyTables, Known } from "./tables.js";
/** Makes a feed of one tenant, for tables that `rowcast types` has written. It does nothing until connect. */
export declare function createFeed<T extends AnyTables = Known>(options: FeedOptions<NoInfer<T>>): Feed<T>;
