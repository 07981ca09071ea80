import type { Log } from "./handlers.js";
import type { Feed, FeedOptions, RowsOptions } from "./options.js";
import { type RowList } from "./rows.js";
import type { Views } from "./views.js";
/** Gives the lists of a feed: one for equal rows. */
export declare function createLists(page: Feed<any>, views: Views, { where, events, fetch, getToken, log }: FeedOptions<any> & {
    log: Log;
    fetch: typeof globalThis.fetch;
}, base: () => string): (stem: string, options?: RowsOptions<any>) => RowList<any>;
