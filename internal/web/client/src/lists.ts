import { covers } from "./filter.js";
import type { Log } from "./handlers.js";
import type { Feed, FeedOptions, RowsOptions } from "./options.js";
import { createList, type RowList } from "./rows.js";
import { readSnapshot, RowsError, type Snapshot } from "./snapshot.js";
import type { Views } from "./views.js";
import { type Rows, textOf } from "./where.js";

/** Gives the lists of a feed: one for equal rows. */
export function createLists(
  page: Feed<any>,
  views: Views,
  { where, events, fetch, getToken, log }: FeedOptions<any> & { log: Log; fetch: typeof globalThis.fetch },
  base: () => string,
): (stem: string, options?: RowsOptions<any>) => RowList<any> {
  const lists = new Map<string, RowList>();

  const load = async (query: URLSearchParams, abort: AbortController, fresh: boolean): Promise<Snapshot> => {
    const token = await getToken(fresh);
    if (!token) throw new RowsError("invalid-token", "there is no token", undefined, true);
    return readSnapshot(fetch, `${base()}/rows?${query}`, token, abort).catch((error) => {
      if (fresh || error.code !== "token-expired") throw error;
      return load(query, abort, true);
    });
  };

  return (stem, { where: wish } = {}) => {
    if (!covers(events, [`${stem}:*`]))
      throw new Error(`rowcast: rows need all events of ${stem}; the feed was made for ${events!.join(", ")}`);
    const own: Rows | undefined = where?.[stem];
    const beside = wish !== undefined && textOf(wish as object) !== textOf(own as object);
    const rows = wish ?? own;
    const filter = rows && textOf({ [stem]: rows });
    const key = `${stem} ${filter}`;
    const list =
      lists.get(key) ??
      createList({
        stem,
        log,
        take: () => (beside ? views.take(filter) : [page, () => {}]),
        load(feed, abort) {
          const query = new URLSearchParams({ tenant: feed.tenantId!, table: stem });
          if (filter) query.set("where", filter);
          return load(query, abort, false);
        },
        used: (it, used) => void (used ? lists.set(key, it) : lists.delete(key)),
      });
    lists.set(key, list);
    return list;
  };
}
