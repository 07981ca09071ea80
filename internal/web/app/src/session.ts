import { Store } from "./store.ts";

export interface User {
  id: string;
  name: string;
  email: string;
  role: string;
  /** Those of a picker. */
  warehouses?: string[];
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
}

/** Who is logged in. The token alone decides the tenant. */
export interface Session {
  token: string;
  expiresAt: string;
  user: User;
  tenant: Tenant;
}

const key = "rowcast.session";

/** The session of this tab; it survives a reload and ends with the tab. */
export const session = new Store<Session | undefined>(load());

/** Why the last session ended by itself, for the login page. */
export const farewell = new Store<string>("");

function load(): Session | undefined {
  try {
    const s = JSON.parse(sessionStorage.getItem(key) ?? "null") as Session | null;
    return s?.token && s.user && s.tenant && Date.parse(s.expiresAt) > Date.now() ? s : undefined;
  } catch {
    return undefined;
  }
}

function keep(s: Session | undefined): void {
  session.set(s);
  try {
    if (s) sessionStorage.setItem(key, JSON.stringify(s));
    else sessionStorage.removeItem(key);
  } catch {
    // No storage: the session lives as long as the page.
  }
}

export function begin(s: Session): void {
  farewell.set("");
  keep(s);
}

/** Ends the session; reason is shown at the login, "" if the user left by choice. */
export function end(reason = ""): void {
  farewell.set(reason);
  keep(undefined);
}

/** A token is renewed when less than this is left of it. */
const margin = 120_000;

let renewal: Promise<string> | undefined;

/** A token that is good for a while; renews it in time, once for all who ask. fresh: in any case. */
export async function getToken(fresh = false): Promise<string> {
  const s = session.get();
  if (!s) throw new Error("nobody is logged in");
  if (!fresh && Date.parse(s.expiresAt) - Date.now() > margin) return s.token;
  renewal ??= renew(s).finally(() => (renewal = undefined));
  return renewal;
}

async function renew(s: Session): Promise<string> {
  const answer = await fetch("/api/token", { method: "POST", headers: { authorization: `Bearer ${s.token}` } });
  if (answer.status === 401) {
    if (session.get() === s) end("Your session has expired. Log in again.");
    throw new Error("the session has expired");
  }
  if (!answer.ok) throw new Error(`the token was not renewed: HTTP ${answer.status}`);
  const fresh = (await answer.json()) as { token: string; expiresAt: string };
  if (session.get() === s) keep({ ...s, ...fresh });
  return fresh.token;
}
