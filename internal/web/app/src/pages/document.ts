import type { UseQueryResult } from "@tanstack/react-query";
import type { ComponentType } from "react";
import type { Sku } from "../api.ts";
import type { Touched } from "../live/rows.ts";
import type { IconName } from "../ui/icon.tsx";

/** What an order and a purchase order have in common. */
export interface Document {
  id: string;
  number: string;
  status: string;
  warehouse?: string;
  total?: string;
  createdAt: string;
  updatedAt: string;
  /** How many lines; unknown until the list is read again after a live insert. */
  items?: number;
}

export interface Detail extends Omit<Document, "items"> {
  items: { skuId: string; sku: string; name: string; quantity: number; price?: string; cost?: string }[];
}

/** What can be done with a document next. */
export interface Step {
  name: "fulfil" | "send" | "receive";
  /** The button in a row, that in the sheet, and what is done then: "Fulfil", "Fulfil order", "fulfilled". */
  label: string;
  long: string;
  done: string;
  take(id: string): Promise<unknown>;
}

/** A kind of document: all that distinguishes its page from that of another kind. */
export interface Kind {
  /** In paths and in the names that tests use. Its list is at `/${id}s`. */
  id: "order" | "purchase-order";
  /** "Order", "Orders" */
  one: string;
  many: string;
  icon: IconName;
  /** The heads of the columns of the number, the other side and the time. */
  columns: { number: string; party: string; time: string };
  /** Who is on the other side. Empty: not known yet. */
  party(document: Document): string;
  time(document: Document, now: number): string;
  /** What can be chosen beside all, and beside those that have a next step. */
  statuses: readonly string[];
  /** What an empty list says. */
  empty: string;
  /** The latest ones. open: those of a warehouse that have a next step alone, as far as Follow follows them. */
  useList(open: boolean, warehouse: string): UseQueryResult<Touched<Document>[]>;
  /** Follows those that have a next step while it is mounted. Without it they are picked from the latest. */
  Follow?: ComponentType<{ warehouse: string }>;
  useOne(id: string): UseQueryResult<Detail>;
  next(status: string): Step | undefined;
  /** Ends a document that has a next step, for good. */
  cancel?: (id: string) => Promise<unknown>;
  /** What the sheet says between the status and the lines. */
  facts(document: Detail): readonly [name: string, text: string][];
  /** The price of a sku in it. */
  price(sku: Sku): string | undefined;
  /** Asks for what a new one needs. */
  Form: ComponentType<{ onClose: () => void }>;
}
