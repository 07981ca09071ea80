import { useEffect } from "react";
import { Store, useStore } from "../store.ts";

/** The time to which "2 min ago" refers; one clock for the whole page. */
const now = new Store(Date.now());

export const useNow = (): number => useStore(now);

/** Moves the clock on while the page is shown. */
export function useClock(): void {
  useEffect(() => {
    const tick = () => now.set(Date.now());
    tick();
    const timer = setInterval(tick, 15_000);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, []);
}
