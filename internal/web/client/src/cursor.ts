import type { FeedEvent } from "./wire.js";

/** Where a stream is: the cursor to continue from, and a guard against what came before it. */
export interface Tracker {
  readonly cursor: string | undefined;
  readonly position: number | undefined;
  /** Takes note of an event. False: it was delivered before, or comes too late. */
  admit(event: FeedEvent): boolean;
  /** Takes note that everything up to here was delivered. */
  advance(cursor: string, position: number): void;
  /** Begins anew, also at a lower position. */
  moveTo(cursor: string, position: number): void;
}

/**
 * The server repeats nothing and leaves nothing out after a cursor. This holds
 * even if it did: one change has an event of a name once.
 */
export function trackCursor(cursor?: string): Tracker {
  let position: number | undefined;
  let names = new Set<string>();
  const moveTo = (c: string, p: number) => {
    if (p !== position) names = new Set();
    cursor = c;
    position = p;
  };
  return {
    get cursor() {
      return cursor;
    },
    get position() {
      return position;
    },
    moveTo(c, p) {
      names = new Set();
      moveTo(c, p);
    },
    advance(c, p) {
      if (p >= (position ?? 0)) moveTo(c, p);
    },
    admit(e) {
      if (e.position < (position ?? 0) || (e.position === position && names.has(e.event))) return false;
      moveTo(e.cursor, e.position);
      names.add(e.event);
      return true;
    },
  };
}
