import { covers } from "./filter.js";

/** How long less is wanted before less is asked for: parts of a page come and go. */
const narrowPause = 1_000;

type Filter = readonly string[] | undefined;

/** Which events the server was asked for, and when it has to be asked anew. */
export interface Asking {
  /**
   * The answer is still to come. Until then no event counts, as it comes again: the
   * answer continues from where the stream is.
   */
  readonly pending: boolean;
  /** Takes note that the server is asked now, for the filter that this returns. */
  begin(): Filter;
  answered(): void;
  /** Handlers have come or gone. More is asked for at once, for all that come in one go together. */
  look(): void;
  stop(): void;
}

/** Asks for what is wanted; for less only where canNarrow says that it needs no other connection. */
export function createAsking(wanted: () => Filter, canNarrow: () => boolean, ask: () => void): Asking {
  let asked: Filter;
  let pending = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;
  const differs = () => String(asked) !== String(wanted());
  const look = () => {
    if (pending) return; // the answer looks
    if (!covers(asked, wanted())) {
      const mine = round;
      pending = true;
      queueMicrotask(() => mine === round && ask());
    } else if (canNarrow() && differs())
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!pending && differs()) ask();
      }, narrowPause);
  };
  return {
    get pending() {
      return pending;
    },
    begin() {
      pending = true;
      return (asked = wanted());
    },
    answered() {
      pending = false;
    },
    look,
    stop() {
      round++;
      pending = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
