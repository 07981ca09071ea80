import { longestTimer, now } from "./connection.js";
import type { Reset } from "./wire.js";

/** Tells that the state has to be loaded again, when the server wants that: a crowd of clients may have to. */
export interface Reload {
  /** Has it told after so many milliseconds, in place of what is due already. */
  due(reset: Reset, after: number | undefined): void;
  /** Tells nothing until resume. What is due stays so. */
  pause(): void;
  resume(): void;
}

export function createReload(tell: (reset: Reset) => void): Reload {
  let owed: { reset: Reset; at: number } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (!owed) return;
    const left = owed.at - now();
    if (left > 0) return void (timer = setTimeout(look, left));
    const { reset } = owed;
    owed = undefined;
    tell(reset);
  };
  return {
    due(reset, after) {
      owed = { reset, at: now() + (after! > 0 ? Math.min(after!, longestTimer) : 0) }; // the server may say anything
      look();
    },
    pause: () => clearTimeout(timer),
    resume: look,
  };
}
