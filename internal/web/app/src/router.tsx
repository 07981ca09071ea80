import { useEffect, useRef, type ComponentProps, type MouseEvent, type ReactNode } from "react";
import { Store, useStore } from "./store.ts";

export type Route =
  | { page: "dashboard" }
  | { page: "orders" | "purchase-orders"; id?: string }
  | { page: "movements" | "feed" }
  | { page: "products"; id?: string }
  | { page: "missing" };

export type PageName = Route["page"];

/** The route of a path. The inverse of the paths in the navigation. */
export function parse(path: string): Route {
  const [page = "", id, rest] = path.split("/").slice(1).map(decode);
  if (rest !== undefined) return { page: "missing" };
  if (page === "" && id === undefined) return { page: "dashboard" };
  if ((page === "movements" || page === "feed") && !id) return { page };
  if (page === "orders" || page === "purchase-orders" || page === "products") return id ? { page, id } : { page };
  return { page: "missing" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const path = new Store(location.pathname);
addEventListener("popstate", () => path.set(location.pathname));

export function navigate(to: string, replace = false): void {
  if (to === location.pathname) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  path.set(to);
  if (!replace) scrollTo(0, 0);
}

export const useRoute = (): Route => parse(useStore(path));
export const currentPage = (): PageName => parse(path.get()).page;

/** A link within the application. */
export function Link({ to, onClick, ...props }: { to: string; children: ReactNode } & ComponentProps<"a">) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...props} />;
}

/** The heading of a page: it names the document and takes the focus when the page comes. */
export function Title({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · Rowcast`;
  }, [children]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={heading} tabIndex={-1} className="cut">
      {children}
    </h1>
  );
}
