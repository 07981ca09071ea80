import { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const key = "rowcast.theme";
const order: readonly Theme[] = ["system", "light", "dark"];

/** The chosen theme. /theme.js has applied it already. */
export const theme = new Store<Theme>((document.documentElement.dataset["theme"] as Theme | undefined) ?? "system");

export function nextTheme(): void {
  const next = order[(order.indexOf(theme.get()) + 1) % order.length] ?? "system";
  theme.set(next);
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  try {
    if (next === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // No storage: the choice holds for this page.
  }
}
