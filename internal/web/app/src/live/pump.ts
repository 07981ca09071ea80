/** Calls back once, soon: with the next frame, or a little later while the page is hidden, when there are none. */
export type Schedule = (callback: () => void) => void;

export const nextFrame: Schedule = (callback) => {
  if (document.hidden) setTimeout(callback, 250);
  else requestAnimationFrame(callback);
};

/**
 * At most once an interval, in a frame; at once after a rest. The interval may
 * depend on how things are going.
 */
export function paced(
  interval: () => number,
  frame: Schedule = nextFrame,
  now: () => number = () => performance.now(),
): Schedule {
  let last = Number.NEGATIVE_INFINITY;
  return (callback) => {
    const run = () => {
      last = now();
      callback();
    };
    const rest = last + interval() - now();
    if (rest <= 0) frame(run);
    else setTimeout(() => frame(run), rest);
  };
}

/** Collects items and hands them over in batches, outside of React. */
export class Pump<T> {
  #batch: T[] = [];
  #due = false;

  constructor(
    private readonly flush: (batch: T[]) => void,
    private readonly schedule: Schedule,
  ) {}

  push = (item: T): void => {
    this.#batch.push(item);
    if (this.#due) return;
    this.#due = true;
    this.schedule(() => {
      const batch = this.#batch;
      this.#batch = [];
      this.#due = false;
      this.flush(batch);
    });
  };
}
