/** What a token says: its payload, or nothing if it is no JWT. It is not verified, that is up to the server. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const text = atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** The elements of an array, the names in an object but for those that it denies, or the value itself. */
const values = (claim: unknown): unknown[] =>
  Array.isArray(claim)
    ? claim
    : claim && typeof claim === "object"
      ? Object.entries(claim).flatMap(([name, v]) => (v === null || v === false ? [] : [name]))
      : [claim];

/** The tenants that a token names, in the order of the server: texts and whole numbers. */
export function tenantsOf(token: string): string[] {
  const { tenant_id, tenantId, tenants } = claimsOf(token);
  const all = [tenant_id, tenantId, tenants].flatMap(values);
  return [...new Set(all.filter((t) => typeof t === "string" || Number.isSafeInteger(t)).map(String))].filter(Boolean);
}
