import type { CollectionConfig } from "@tanstack/db";
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
export interface RowcastCollection<T extends AnyTables, S extends Stem<T>> extends Omit<Partial<CollectionConfig<T["rows"][S] & object, Key, never, RowcastUtils>>, "sync" | "utils" | "schema"> {
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
export declare function rowcastCollectionOptions<T extends AnyTables = Known, S extends Stem<T> = Stem<T>>({ feed, table, where, ...config }: RowcastCollection<T, S>): CollectionConfig<T["rows"][S] & object, Key, never, RowcastUtils> & {
    utils: RowcastUtils;
};
export {};
