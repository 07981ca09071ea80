import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** How long changes are gathered, and the least time between two readings. */
const gather = 120;
const interval = 1000;

/**
 * Reads queries again after events that the cache cannot be patched with. A
 * query that is being read when the event comes is read once more afterwards,
 * never cut short, so that a steady stream of events cannot starve it.
 */
export class Settler {
  readonly #dirty = new Map<string, QueryKey>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor(private readonly queries: QueryClient) {}

  mark(...keys: QueryKey[]): void {
    for (const key of keys) this.#dirty.set(key.join(" "), key);
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty.clear();
  }

  #arm(): void {
    if (this.#dirty.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#settle(), Math.max(gather, this.#last + interval - Date.now()));
  }

  #settle(): void {
    this.#timer = undefined;
    this.#last = Date.now();
    for (const [name, queryKey] of this.#dirty) {
      if (this.queries.isFetching({ queryKey }) > 0) continue;
      this.#dirty.delete(name);
      void this.queries.invalidateQueries({ queryKey });
    }
    this.#arm();
  }
}
