const paths = {
  dashboard: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  orders: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12h5",
  movements: "M7 20V5M3.5 8.5 7 5l3.5 3.5M17 4v15M13.5 15.5 17 19l3.5-3.5",
  truck:
    "M3 6h11v10H3zM14 10h4l3 3v3h-7M7.5 19a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5M17.5 19a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5",
  box: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  value:
    "M12 3v18M16.5 7.5c-1-1.3-2.600-2-4.500-2-2.500 0-4.200 1.200-4.200 3.100 0 4.300 9 2.100 9 6.600 0 2-1.900 3.300-4.800 3.300-2.200 0-4-.8-5-2.300",
  alert: "M12 4 2.500 20h19zM12 10v4.500M12 17.200v.1",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 1 1 9.500 4a6.800 6.800 0 0 0 10.500 10.500",
  auto: "M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17M12 3.500v17M12 7h6.900M12 12h8.500M12 17h6.900",
  logout: "M14 4H5v16h9M10 12h11M17.500 8.500 21 12l-3.500 3.500",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15l12-7.500z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.500l4.500 4.500L19 7.500",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l4.500 4.500",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  back: "M20 12H4M10 6l-6 6 6 6",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4",
  keyboard: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M17.500 10h.1M7.500 14h9",
  terminal: "M3 5h18v14H3zM7 9l3 3-3 3M12.500 15H17",
  logo: "M4 7h9M4 12h12M4 17h9M17.500 5.500a9.500 9.500 0 0 1 0 13",
} as const;

export type IconName = keyof typeof paths;

/** A drawing beside words, which say the same; it is not read out. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
