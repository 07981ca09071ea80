/** What a token says: its payload, or nothing if it is no JWT. It is not verified, that is up to the server. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const text = atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** The tenants that a token names, in the order of the server. */
export function tenantsOf(token: string): string[] {
  const { tenant_id, tenantId, tenants } = claimsOf(token);
  const all = [tenant_id, tenantId, ...(Array.isArray(tenants) ? tenants : [])];
  return [...new Set(all.filter((t): t is string => typeof t === "string" && t !== ""))];
}
