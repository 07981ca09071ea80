import { useLayoutEffect, useRef, type RefObject } from "react";

const brief = 1600;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** More rows than these in a moment are a stream, in which nothing stands out. */
const most = 12;
let flashes: number[] = [];

/**
 * Lights an element up for a moment when what it shows has just been touched.
 * It changes no size. Who wants less motion gets a steady tint instead.
 */
export function useFlash<E extends HTMLElement>(touched: number | undefined): RefObject<E | null> {
  const element = useRef<E>(null);
  useLayoutEffect(() => {
    const now = Date.now();
    if (!touched || now - touched > brief) return;
    flashes = flashes.filter((at) => now - at < brief);
    if (flashes.length >= most) return;
    flashes.push(now);
    const tint = "var(--accent-soft)";
    element.current?.animate(
      { backgroundColor: calm.matches ? [tint, tint] : [tint, tint, "transparent"] },
      { duration: brief, easing: "ease-out" },
    );
  }, [touched]);
  return element;
}

/** The same for a value: the time at which it changed last, 0 at first. */
export function useChanged(value: unknown): number {
  const last = useRef({ value, at: 0 });
  if (!Object.is(last.current.value, value)) {
    last.current = { value, at: last.current.value === undefined ? 0 : Date.now() };
  }
  return last.current.at;
}
