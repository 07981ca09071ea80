import type { FeedEvent, Where } from "@rowcast/client";

/** An event, and how many milliseconds after its commit it was here. */
export interface Entry {
  event: FeedEvent;
  lag: number;
  /** The filter of the feed that it came on. */
  where?: Where;
}

/** How many events are kept. */
export const capacity = 50_000;

/** What was received, oldest first. It records from the login on, whatever page is shown. */
export class Log {
  readonly entries: Entry[] = [];
  /** How often each event came. */
  readonly names = new Map<string, number>();
  total = 0;
  readonly #watchers = new Set<(batch: readonly Entry[]) => void>();

  append(batch: readonly Entry[]): void {
    this.total += batch.length;
    for (const entry of batch) {
      this.entries.push(entry);
      this.names.set(entry.event.event, (this.names.get(entry.event.event) ?? 0) + 1);
    }
    if (this.entries.length > capacity) this.entries.splice(0, this.entries.length - capacity);
    for (const watcher of this.#watchers) watcher(batch);
  }

  clear(): void {
    this.entries.length = 0;
    this.names.clear();
    this.total = 0;
  }

  watch(watcher: (batch: readonly Entry[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

export interface Filter {
  /** An event, a stem with "*" as in "order:*", or "" for all. */
  event: string;
  /** What the name, the match, the writer or any value contains; case does not matter. */
  text: string;
}

export function matcher({ event, text }: Filter): (entry: Entry) => boolean {
  const stem = event.endsWith("*") ? event.slice(0, -1) : undefined;
  const named = (name: string) => event === "" || (stem === undefined ? name === event : name.startsWith(stem));
  const needle = text.trim().toLowerCase();
  if (needle === "") return (entry) => named(entry.event.event);
  const escaped = JSON.stringify(needle).slice(1, -1); // as it stands in the text of the data
  return ({ event: e }) =>
    named(e.event) &&
    (e.event.includes(needle) ||
      e.match === needle ||
      String(e.position) === needle ||
      (e.source?.writer.toLowerCase().includes(needle) ?? false) ||
      JSON.stringify(e.data).toLowerCase().includes(escaped));
}
