import { useEffect, useRef, useState } from "react";

/** How many rows are rendered at first, and added when the end comes into view. */
const step = 25;

/** The rows of a long list as far down as somebody has looked, and what has to stand behind the last. */
export function useMore<T>(rows: readonly T[] | undefined): [T[] | undefined, React.ReactNode] {
  const [room, setRoom] = useState(step);
  const end = useRef<HTMLTableRowElement>(null);
  const more = rows !== undefined && rows.length > room;
  useEffect(() => {
    if (!more || !end.current) return;
    const seen = new IntersectionObserver(
      (entries) => {
        if (entries.some((e) => e.isIntersecting)) setRoom((n) => n + step);
      },
      { rootMargin: "600px" },
    );
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [more, room]);
  return [
    rows?.slice(0, room),
    more && (
      <tr ref={end} aria-hidden="true">
        <td />
      </tr>
    ),
  ];
}
