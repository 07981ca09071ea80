import type { FeedEvent } from "@rowcast/client";
import { signed } from "../format.ts";

/** What an event says, in one line. */
export function summary(event: FeedEvent): string {
  const d = event.data as Record<string, unknown> | null;
  if (!d) return "";
  if (event.event.endsWith(":bulk") && d["operation"] === "truncate") return "a partition was emptied";
  if (event.event.endsWith(":bulk") && d["operation"] === "unordered") return "rows that have to be read again";
  if (event.unreadable) return `${text(d["operation"])} that cannot be read: ${text(d["reason"])}`;
  if (event.event.endsWith(":bulk")) return `${text(d["operation"])} of ${text(d["count"])} rows`;
  if (Array.isArray(d["reasons"])) return d["reasons"].map(text).join(", ");
  const parts = [
    event.match ?? "",
    ...["order_number", "po_number", "sku", "name", "customer"].flatMap((key) => (d[key] ? [text(d[key])] : [])),
  ];
  const row = (d["order"] ?? d["purchaseOrder"]) as Record<string, unknown> | undefined;
  if (row) parts.push(text(row["order_number"] ?? row["po_number"]));
  if (d["previousStatus"]) parts.push(`${text(d["previousStatus"])} → ${text(d["status"])}`);
  else if (event.changed)
    parts.push(
      event.changed
        .filter((c) => c !== "updated_at")
        .map((c) => `${c}: ${text(event.previous?.[c])} → ${text(d[c])}`)
        .join(", "),
    );
  else if (d["status"]) parts.push(text(d["status"]));
  if (d["movement_type"]) parts.push(text(d["movement_type"]));
  if (!event.changed && typeof d["quantity"] === "number") {
    parts.push(d["movement_type"] || d["movementId"] ? signed(d["quantity"]) : String(d["quantity"]));
  }
  if (d["reason"]) parts.push(text(d["reason"]));
  return parts.filter(Boolean).join(" · ");
}

/** A value in few letters. */
export function text(value: unknown): string {
  const s = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return s.length > 120 ? `${s.slice(0, 119)}…` : s;
}
