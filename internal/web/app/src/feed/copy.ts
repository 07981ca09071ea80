import type { FeedEvent, Where } from "@rowcast/client";

/** Makes one word of a shell of any text. */
export const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Makes a literal of SQL of any text; with a backslash it has to be an escape string. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return quoted.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/** Makes an identifier of SQL; plain ones stay plain. */
export const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** Follows this kind of event from this one on. The token comes from the environment, never out of the page. */
export function curl(event: FeedEvent, origin: string, where?: Where): string {
  const query = new URLSearchParams({ tenant: event.tenantId, events: event.event, cursor: event.cursor });
  if (where) query.set("where", JSON.stringify(where));
  return [`curl -N ${shell(`${origin}/events?${query}`)}`, `-H "Authorization: Bearer $TOKEN"`].join(" \\\n  ");
}

/** Reads the row, or the latest rows of the table, as they are now. */
export function psql(event: FeedEvent): string {
  const table = event.source?.table;
  if (!table) {
    const open = `select status, count(*) from orders where tenant_id = ${literal(event.tenantId)} group by status`;
    return `psql "$DATABASE_URL" -c ${shell(open)}`;
  }
  const data = event.data as Record<string, unknown>;
  const id = rowId(data);
  const where = id === undefined ? `tenant_id = ${literal(event.tenantId)}` : `id = ${literal(String(id))}`;
  const tail = id === undefined ? " order by created_at desc limit 20" : "";
  const name = table.split(".").map(identifier).join(".");
  return `psql "$DATABASE_URL" -x -c ${shell(`select * from ${name} where ${where}${tail}`)}`;
}

/** The id of the row that an event is about; derived events name it after the row. */
function rowId(data: Record<string, unknown> | null): unknown {
  for (const key of ["id", "orderId", "purchaseOrderId", "movementId", "skuId"]) {
    const value = data?.[key];
    if (typeof value === "string" || typeof value === "number") return value;
  }
  return undefined;
}

/** Reacts to this kind of event. */
export function react(event: FeedEvent, where?: Where): string {
  const fields = Object.keys((event.data as object | null) ?? {})
    .filter((key) => /^[A-Za-z_$][\w$]*$/.test(key))
    .slice(0, 4);
  return [
    `import { useFeedEvent } from "@rowcast/client/react";`,
    ``,
    `useFeedEvent(${JSON.stringify(event.event)}, ({ ${fields.join(", ")} }, event) => {`,
    `  console.log(event.position, ${fields.join(", ")});`,
    where ? `}, { where: ${JSON.stringify(where)} });` : `});`,
  ].join("\n");
}
