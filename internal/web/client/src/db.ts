import type { CollectionConfig, DeleteKeyMessage } from "@tanstack/db";
import type { Row } from "./events.gen.js";
import type { Feed } from "./options.js";
import type { RowList } from "./rows.js";
import type { AnyTables, Known, Stem } from "./tables.js";
import type { Rows } from "./where.js";

type Key = string | number;

/** What a collection has beside its rows. */
export interface RowcastUtils {
  /** Waits until the rows have what a transaction did: see RowList. For onInsert and its like. */
  awaitTx: RowList["awaitTx"];
  [name: string]: unknown;
}

export interface RowcastCollection<T extends AnyTables, S extends Stem<T>> extends Omit<
  Partial<CollectionConfig<T["rows"][S] & object, Key, never, RowcastUtils>>,
  "sync" | "utils" | "schema"
> {
  feed: Feed<T>;
  /** The stem of its events. */
  table: S;
  /** Which rows are wanted. Left out: those of the feed. */
  where?: Rows<T["rows"][S]> | undefined;
}

/**
 * The options of a collection of TanStack DB, whose rows are kept as they are in the database. Everything else goes to the
 * collection: id, onInsert, … Without getKey the key is what the server says, and until it has the column id.
 */
export function rowcastCollectionOptions<T extends AnyTables = Known, S extends Stem<T> = Stem<T>>({
  feed,
  table,
  where,
  ...config
}: RowcastCollection<T, S>): CollectionConfig<T["rows"][S] & object, Key, never, RowcastUtils> & {
  utils: RowcastUtils;
} {
  const list: RowList<any> = (feed as Feed<any>).rows(table, { where });
  const getKey =
    config.getKey ??
    ((row: Row) => {
      const [first = "id", ...more] = list.key;
      return (more.length ? JSON.stringify(list.key.map((name) => row[name])) : row[first]) as Key;
    });
  return {
    ...config,
    getKey: getKey as (row: T["rows"][S] & object) => Key,
    utils: { awaitTx: list.awaitTx },
    sync: {
      rowUpdateMode: "full",
      sync({ begin, write, commit, truncate, markReady, markError }) {
        const load = (rows: readonly any[]) => {
          truncate();
          for (const value of rows) write({ type: "insert", value });
        };
        const unsubscribe = list.subscribe((changes) => {
          if (changes.length) {
            begin();
            for (const change of changes.slice(
              Math.max(
                0,
                changes.findLastIndex(({ type }) => type === "load"),
              ),
            ))
              if (change.type === "load") load(change.rows);
              else if (change.type === "put") write({ type: change.before ? "update" : "insert", value: change.row });
              else write({ type: "delete", key: getKey(change.row) } satisfies DeleteKeyMessage<Key>);
            commit();
          }
          if (list.status.state === "failed") list.ready.catch(markError);
        });
        if (list.status.state === "ready" || list.status.state === "reloading") {
          begin();
          load(list.rows);
          commit();
          markReady();
        }
        return unsubscribe;
      },
    },
  };
}
