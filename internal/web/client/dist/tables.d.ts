import type { Tables } from "./events.gen.js";
/** What `rowcast types` writes: the rows by their stems, and the data of each event. */
export interface AnyTables {
    rows: object;
    events: object;
}
/**
 * Says once which tables there are, for feeds and hooks that are not given any:
 * `declare module "@rowcast/client" { interface Register { tables: Tables } }`.
 */
export interface Register {
}
/** The tables that are registered, else those of the catalogue. */
export type Known = Register extends {
    tables: infer T extends AnyTables;
} ? T : Tables;
/** What is for the tables of the catalogue, beside which there may be others, or for tables of one's own. */
export type Either<T extends AnyTables, Open, Own> = Tables extends T ? Open : Own;
type StemOf<N> = N extends `${infer Stem}:${string}` ? Stem : never;
/** The names of events. */
export type EventName<T extends AnyTables = Known> = keyof T["events"] & string;
/** The name of an event, or a pattern for those of a stem. Beside the catalogue it may be any. */
export type EventPattern<T extends AnyTables = Known> = Either<T, `${string}:${string}`, EventName<T> | `${StemOf<EventName<T>>}:*`>;
/** The stems of tables. */
export type Stem<T extends AnyTables = Known> = keyof T["rows"] & string;
/** The stem of a table beside those that are known. */
export type OtherStem<N extends string, T extends AnyTables = Known> = N & (N extends Stem<T> ? never : Either<T, string, never>);
export {};
