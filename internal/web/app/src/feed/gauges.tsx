import { useFeedStatus } from "@rowcast/client/react";
import { useEffect, useMemo, useState } from "react";
import { count, millis } from "../format.ts";
import { Plot, type Line } from "./plot.tsx";
import type { Stats } from "./stats.ts";

const rateLine: Line[] = [{ label: "events a second", color: "--accent", fill: true }];
const latencyLines: Line[] = [
  { label: "99th percentile", color: "--warn" },
  { label: "median", color: "--accent" },
];
const compact = new Intl.NumberFormat("en-GB", { notation: "compact" });
const rate = (n: number) => compact.format(n);
const latency = (n: number) => (n === 0 ? "0" : millis(n));

const wires = { websocket: "WebSocket", sse: "Server-Sent Events" } as const;

/** The connection in figures and plots, once a second. */
export function Gauges({ stats }: { stats: Stats }) {
  const status = useFeedStatus();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const { rate: perSecond, p50, p99 } = stats.summary(now);
  const series = useMemo(() => stats.series(now), [stats, now]);
  const rates = useMemo((): [number[], number[]] => [series.times, series.rate], [series]);
  const latencies = useMemo(
    (): [number[], (number | null)[], (number | null)[]] => [series.times, series.p99, series.p50],
    [series],
  );
  return (
    <>
      <dl className="figures">
        <div>
          <dt>Connection</dt>
          <dd data-testid="feed-state">{status.state}</dd>
          <dd className="under">{status.transport ? wires[status.transport] : "none"}</dd>
        </div>
        <div>
          <dt>Head</dt>
          <dd className="num" data-testid="feed-position">
            {status.position === undefined ? "–" : count(status.position)}
          </dd>
          <dd className="under cut mono" title={status.cursor}>
            {status.cursor ?? "no cursor yet"}
          </dd>
        </div>
        <div>
          <dt>Lag</dt>
          <dd className="num" data-testid="feed-lag">
            {p50 === null ? "–" : millis(p50)}
          </dd>
          <dd className="under num">{p99 === null ? "nothing in 10 s" : `99 % within ${millis(p99)}`}</dd>
        </div>
        <div>
          <dt>Rate</dt>
          <dd className="num">{perSecond >= 10 ? count(Math.round(perSecond)) : perSecond.toFixed(1)}</dd>
          <dd className="under">events a second</dd>
        </div>
      </dl>
      <div className="columns plots">
        <figure className="card">
          <figcaption>
            Commit to browser <Key color="--accent">median</Key> <Key color="--warn">99 %</Key>
          </figcaption>
          <Plot
            data={latencies}
            lines={latencyLines}
            format={latency}
            least={20}
            label="Latency from commit to browser over two minutes"
          />
        </figure>
        <figure className="card">
          <figcaption>Events a second</figcaption>
          <Plot data={rates} lines={rateLine} format={rate} least={5} label="Events a second over two minutes" />
        </figure>
      </div>
    </>
  );
}

const Key = ({ color, children }: { color: string; children: string }) => (
  <span className="key">
    <i style={{ background: `var(${color})` }} />
    {children}
  </span>
);
