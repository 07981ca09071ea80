import type { Row, RowsByStem } from "./events.gen.js";
import type { AnyTables, Either, Known } from "./tables.js";

/** What the values of a column are compared with. A number may be given as text, exactly. */
type Value<T> = unknown extends T
  ? string | number | boolean
  : T extends number
    ? number | string
    : T extends string | boolean
      ? T
      : never;

/** All of them hold. `lt lte gt gte` are for numbers, times and text, which is compared by its bytes. */
export interface Operators<V> {
  readonly eq?: V | null;
  readonly ne?: V | null;
  readonly in?: readonly V[];
  readonly lt?: V;
  readonly lte?: V;
  readonly gt?: V;
  readonly gte?: V;
}

/** What a column has to be: a value, null, or what operators say. */
export type Condition<T = unknown> = Value<T> | null | Operators<Value<T>>;

/** What the columns of a row have to be: all conditions hold. */
export type Conditions<R = Row> = { readonly [C in keyof R]?: Condition<R[C]> };

/** The conditions for the rows of a table, or several of which any holds. */
export type Rows<R = Row> = Conditions<R> | readonly Conditions<R>[];

/** The conditions for one table. */
export type RowsOf<S extends keyof T["rows"], T extends AnyTables = Known> = Rows<T["rows"][S]>;

type OfCatalogue = { readonly [S in keyof RowsByStem]?: Rows<RowsByStem[S]> | undefined };

/** Beside the tables of the catalogue there may be any. */
interface Open extends OfCatalogue {
  readonly [stem: string]: Rows | undefined;
}

/** Which rows are wanted, by the stem of their events. Of a stem that is not named all are. */
export type Where<T extends AnyTables = Known> = Either<
  T,
  Open,
  { readonly [S in keyof T["rows"]]?: Rows<T["rows"][S]> | undefined }
>;

/** A text that is the same for filters with the same members, in whatever order. */
export const textOf = (where: object | undefined): string | undefined =>
  JSON.stringify(where, (_, value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
