import { useEffect } from "react";
import { navigate } from "../router.tsx";
import { nextTheme } from "../theme.ts";
import { Dialog } from "../ui/dialog.tsx";

const going: Record<string, string> = {
  d: "/",
  o: "/orders",
  m: "/movements",
  b: "/purchase-orders",
  p: "/products",
  f: "/feed",
};

const listed: [string[], string][] = [
  [["g", "d"], "Dashboard"],
  [["g", "o"], "Orders"],
  [["g", "m"], "Stock movements"],
  [["g", "b"], "Purchase orders"],
  [["g", "p"], "Products"],
  [["g", "f"], "Feed"],
  [["n"], "New order or purchase order"],
  [["/"], "Search or filter"],
  [["Space"], "Pause or go on, in the feed"],
  [["t"], "Next theme"],
  [["?"], "This list"],
];

/** How long a "g" waits for its second key. */
const pause = 1000;

/** Says whether a key belongs to what has the focus, or to a dialog. */
export const occupied = (event: KeyboardEvent): boolean =>
  event.defaultPrevented ||
  event.metaKey ||
  event.ctrlKey ||
  event.altKey ||
  document.querySelector("dialog[open]") !== null ||
  (event.target instanceof Element && event.target.closest("input, select, textarea") !== null);

/** Keys that work on every page. Pages mark what "n" presses and "/" focuses. */
export function useShortcuts(help: () => void): void {
  useEffect(() => {
    let prefix = 0;
    const pressed = (event: KeyboardEvent) => {
      if (occupied(event)) return;
      const { key } = event;
      const target = Date.now() - prefix < pause ? going[key] : undefined;
      prefix = 0;
      if (target) navigate(target);
      else if (key === "g") prefix = Date.now();
      else if (key === "t") nextTheme();
      else if (key === "?") help();
      else if (key === "n") document.querySelector<HTMLElement>("[data-key=n]")?.click();
      else if (key === "/") document.querySelector<HTMLElement>("[data-key=search]")?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [help]);
}

export const Shortcuts = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Keyboard shortcuts" onClose={onClose}>
    <dl className="facts keys">
      {listed.map(([keys, does]) => (
        <div key={does} className="row">
          <dt>{does}</dt>
          <dd>
            {keys.map((k) => (
              <kbd key={k} className="kbd">
                {k}
              </kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
