import { capacity, matcher, type Entry, type Filter, type Log } from "./log.ts";

/** How long a part of a search may take. */
const slice = 8;
/** How many entries are tested between two looks at the clock. */
const stride = 256;

/**
 * What the inspector shows of the log, newest first. A new filter searches the
 * log in parts, so that the page goes on meanwhile. While it is paused the view
 * keeps its entries, and what comes is counted and shown afterwards.
 */
export class View {
  /** What came after the search began, oldest first. */
  #newer: Entry[] = [];
  /** What the search found, newest first. */
  #older: Entry[] = [];
  /** What is left to search, oldest first. */
  #rest: Entry[] = [];
  #waiting: Entry[] = [];
  /** The log at the pause, and what came since, for filters that change meanwhile. */
  #frozen: Entry[] = [];
  #since: Entry[] = [];
  #matches: (entry: Entry) => boolean;
  #paused = false;
  #filter: Filter = { event: "", text: "" };

  constructor(private readonly log: Log) {
    this.#matches = matcher(this.#filter);
    this.#restart(log.entries);
  }

  get length(): number {
    return this.#newer.length + this.#older.length;
  }

  /** How many matching events came since the pause. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get searching(): boolean {
    return this.#rest.length > 0;
  }

  /** The entry at a place, 0 is the newest. */
  at(index: number): Entry | undefined {
    const fresh = this.#newer.length;
    return index < fresh ? this.#newer[fresh - 1 - index] : this.#older[index - fresh];
  }

  indexOf(entry: Entry): number {
    const fresh = this.#newer.lastIndexOf(entry);
    if (fresh >= 0) return this.#newer.length - 1 - fresh;
    const old = this.#older.indexOf(entry);
    return old < 0 ? -1 : this.#newer.length + old;
  }

  filter(filter: Filter): void {
    this.#filter = filter;
    this.#matches = matcher(filter);
    // While it is paused, the log has gone on: search what was shown at the pause.
    this.#restart(this.#paused ? this.#frozen : this.log.entries);
    this.#waiting = this.#paused ? this.#since.filter(this.#matches) : [];
  }

  /** Takes what was appended to the log. */
  append(batch: readonly Entry[]): void {
    const into = this.#paused ? this.#waiting : this.#newer;
    for (const entry of batch) {
      if (this.#paused) this.#since.push(entry);
      if (this.#matches(entry)) into.push(entry);
    }
    if (this.#paused) {
      trim(this.#waiting);
      trim(this.#since);
    } else this.#trim();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#frozen = this.log.entries.slice();
    this.#since = [];
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const entry of this.#waiting) this.#newer.push(entry);
    this.#waiting = [];
    this.#frozen = [];
    this.#since = [];
    this.#trim();
  }

  clear(): void {
    this.#newer = [];
    this.#older = [];
    this.#rest = [];
    this.#waiting = [];
    this.#frozen = [];
    this.#since = [];
  }

  /** Searches on for a moment; false when there is nothing left. */
  search(now: () => number = () => performance.now()): boolean {
    const until = now() + slice;
    while (this.#rest.length > 0) {
      for (const entry of this.#rest.splice(-stride).reverse()) if (this.#matches(entry)) this.#older.push(entry);
      if (now() >= until) break;
    }
    return this.#rest.length > 0;
  }

  #restart(entries: readonly Entry[]): void {
    this.#newer = [];
    this.#older = [];
    this.#rest = entries.slice();
    this.search();
  }

  #trim(): void {
    trim(this.#newer);
    const room = capacity - this.#newer.length;
    if (this.#older.length > room) this.#older.length = room;
  }
}

function trim(entries: Entry[]): void {
  if (entries.length > capacity) entries.splice(0, entries.length - capacity);
}
