import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../store.ts";
import { theme } from "../theme.ts";

export interface Line {
  label: string;
  /** A custom property of the design. */
  color: string;
  fill?: boolean;
}

interface Props {
  data: uPlot.AlignedData;
  lines: readonly Line[];
  format: (n: number) => string;
  /** What the scale holds at least. */
  least: number;
  label: string;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dark = matchMedia("(prefers-color-scheme: dark)");

/** A plot over time. It draws when it gets other data; the theme may change beneath it. */
export function Plot({ data, lines, format, least, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  const chosen = useStore(theme);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, lines, format, least), latest.current, element);
    };
    make();
    const resize = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resize.observe(element);
    dark.addEventListener("change", make);
    return () => {
      dark.removeEventListener("change", make);
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [chosen, lines, format, least]);
  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  }, [data]);
  return <div ref={box} className="plot" role="img" aria-label={label} />;
}

function options(element: HTMLElement, lines: readonly Line[], format: Props["format"], least: number): uPlot.Options {
  const color = (name: string) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const quiet = color("--ink-3");
  const grid = { stroke: color("--line"), width: 1 };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [10, 30, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.15)] } },
    axes: [
      {
        stroke: quiet,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 26,
        space: 84,
        values: (_plot, ticks) => ticks.map((t) => clock.format(t * 1000)),
      },
      {
        stroke: quiet,
        font,
        grid,
        ticks: { show: false },
        size: 58,
        space: 34,
        values: (_plot, ticks) => ticks.map(format),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: 1.5,
        // A second between two silent ones is a point, or it would not be seen.
        points: { show: !line.fill, size: 3, width: 0, fill: color(line.color) },
        ...(line.fill ? { fill: color("--accent-soft") } : {}),
      })),
    ],
  };
}
