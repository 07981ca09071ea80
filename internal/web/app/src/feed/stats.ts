/** The window of the plots, in seconds. */
export const window = 120;
/** How many latencies of a second are kept; more are drawn from evenly. */
const most = 400;

interface Second {
  at: number;
  count: number;
  lags: number[];
}

/** Columns for the plots: unix seconds, and a value or a gap for each. */
export interface Series {
  times: number[];
  rate: number[];
  p50: (number | null)[];
  p99: (number | null)[];
}

/** How fast events come, and how old they are when they are here. */
export class Stats {
  #seconds: Second[] = [];
  /** The clocks of server and browser differ by at least this: no event comes from the future. */
  skew = 0;

  /** Takes an event: when it was committed and when it was here, in unix milliseconds. Answers its latency. */
  add(committed: number, received: number): number {
    const lag = this.lag(committed, received);
    const second = this.#second(Math.floor(received / 1000));
    const n = second.count++;
    if (n < most) second.lags.push(lag);
    else {
      const index = Math.floor(Math.random() * (n + 1));
      if (index < most) second.lags[index] = lag;
    }
    return lag;
  }

  /** The latency of an event that is not counted. */
  lag(committed: number, received: number): number {
    const raw = received - committed;
    if (raw < this.skew) this.skew = raw;
    return raw - Math.min(this.skew, 0);
  }

  /** The last seconds up to the one that has just ended. */
  series(now: number): Series {
    const end = Math.floor(now / 1000) - 1;
    const series: Series = { times: [], rate: [], p50: [], p99: [] };
    const bySecond = new Map(this.#seconds.map((s) => [s.at, s]));
    for (let at = end - window + 1; at <= end; at++) {
      const s = bySecond.get(at);
      const sorted = s ? s.lags.toSorted((a, b) => a - b) : [];
      series.times.push(at);
      series.rate.push(s?.count ?? 0);
      series.p50.push(quantile(sorted, 0.5));
      series.p99.push(quantile(sorted, 0.99));
    }
    return series;
  }

  /** Events a second and latencies over the last seconds that have ended. */
  summary(now: number, seconds = 10): { rate: number; p50: number | null; p99: number | null } {
    const end = Math.floor(now / 1000);
    const recent = this.#seconds.filter((s) => s.at >= end - seconds && s.at < end);
    const sorted = recent.flatMap((s) => s.lags).sort((a, b) => a - b);
    const count = recent.reduce((n, s) => n + s.count, 0);
    return { rate: count / seconds, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  }

  #second(at: number): Second {
    const last = this.#seconds.at(-1);
    if (last && last.at >= at) return last;
    const next = { at, count: 0, lags: [] };
    this.#seconds.push(next);
    while (this.#seconds[0]!.at < at - window) this.#seconds.shift();
    return next;
  }
}

/** The value that a part q of the sorted values does not pass. */
export function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? null;
}
