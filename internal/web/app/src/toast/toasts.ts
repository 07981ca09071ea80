import { Store } from "../store.ts";

export interface News {
  /** News of one kind share a toast. */
  kind: string;
  /** The title, for so many of them. */
  title: (count: number) => string;
  /** One of them in one line; asked of the latest only. */
  detail: () => string;
  tone?: "good" | "warn" | "bad";
  /** Where a click leads. */
  to?: string;
}

export interface Toast extends Omit<News, "detail"> {
  id: number;
  count: number;
  /** The latest of them. */
  detail: string;
  born: number;
}

/** How many toasts there are at most. */
export const most = 3;
/** How long a toast stays after its latest news, and how long at most while more keep coming. */
export const stay = 6000;
export const longest = 15_000;
/** How often, at most, a screen reader hears of one kind. */
export const quiet = 4000;

/**
 * The toasts on the screen. News of a kind that is shown already are counted in
 * its toast; a fourth kind takes the place of the oldest. They go by themselves,
 * but not while held.
 */
export class Toasts {
  readonly shown = new Store<readonly Toast[]>([]);
  /** What a polite live region says. */
  readonly said = new Store("");
  readonly #spoken = new Map<string, number>();
  readonly #ends = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;
  #next = 1;

  /** Shows news, any number at once. */
  push(news: readonly News[]): void {
    if (news.length === 0) return;
    const now = Date.now();
    const kinds = new Map<string, { latest: News; count: number }>();
    for (const n of news) kinds.set(n.kind, { latest: n, count: (kinds.get(n.kind)?.count ?? 0) + 1 });
    let toasts = [...this.shown.get()];
    for (const [kind, { latest, count }] of kinds) {
      const i = toasts.findIndex((t) => t.kind === kind);
      const old = toasts[i];
      const { id, born } = old ?? { id: this.#next++, born: now };
      const toast = { ...latest, id, born, count: (old?.count ?? 0) + count, detail: latest.detail() };
      if (old) toasts[i] = toast;
      else toasts.push(toast);
      this.#ends.set(id, Math.min(now + stay, born + longest));
    }
    toasts = toasts.slice(-most);
    this.#show(toasts);
    this.#say(toasts, kinds, now);
  }

  dismiss(id: number): void {
    // The pointer that held it has nothing left to leave.
    this.#held = false;
    this.#show(this.shown.get().filter((t) => t.id !== id));
  }

  clear(): void {
    this.#show([]);
  }

  /** Keeps the toasts while somebody reads them. */
  hold(held: boolean): void {
    this.#held = held;
    this.#show(this.shown.get());
  }

  #show(toasts: readonly Toast[]): void {
    this.shown.set(toasts);
    const alive = new Set(toasts.map((t) => t.id));
    for (const id of this.#ends.keys()) if (!alive.has(id)) this.#ends.delete(id);
    clearTimeout(this.#timer);
    if (this.#held || toasts.length === 0) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, Math.min(...this.#ends.values()) - Date.now()));
  }

  #expire(): void {
    const now = Date.now();
    this.#show(this.shown.get().filter((t) => (this.#ends.get(t.id) ?? 0) > now));
  }

  #say(toasts: readonly Toast[], kinds: ReadonlyMap<string, unknown>, now: number): void {
    const due = toasts.filter((t) => kinds.has(t.kind) && now - (this.#spoken.get(t.kind) ?? -quiet) >= quiet);
    if (due.length === 0) return;
    for (const t of due) this.#spoken.set(t.kind, now);
    this.said.set(due.map((t) => `${t.title(t.count)}: ${t.detail}`).join(". "));
  }
}
