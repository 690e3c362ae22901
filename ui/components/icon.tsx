/** Line icons, drawn here; always beside a word, so never read out. */

const shapes = {
  vms: "M3 5h18v11H3zM8 20h8M12 16v4",
  hardware: "M7 7h10v10H7zM10 10h4v4h-4zM9 3v4M15 3v4M9 17v4M15 17v4M3 9h4M3 15h4M17 9h4M17 15h4",
  plan: "M9 6h11M9 12h11M9 18h11M4 6l1 1 1.5-2M4 12l1 1 1.5-2M4 18l1 1 1.5-2",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5",
  cards: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  start: "M8 5l11 7-11 7z",
  shutdown: "M12 3v9M6.5 7a8 8 0 1 0 11 0",
  pause: "M8 5v14M16 5v14",
  restart: "M20 5v5h-5M19.5 10A8 8 0 1 0 20 14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6",
  leave: "M14 4h5v16h-5M11 8l-4 4 4 4M7 12h9",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  card: "M3 7h18v9H3zM7 16v3M11 16v3M12 11.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM16 10h2M16 13h2",
  again: "M20 5v5h-5M4 19v-5h5M19 10A8 8 0 0 0 5.500 7.500M5 14a8 8 0 0 0 13.500 2.500",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** A mark whose shape, not only its colour, tells the tone. */
export function Mark({ shape }: { shape: string }) {
  return (
    <svg class="mark" viewBox="0 0 12 12" aria-hidden="true">
      {shape === "dot" && <circle cx="6" cy="6" r="4.5" fill="currentColor" />}
      {shape === "ring" && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" />}
      {shape === "half" && (
        <>
          <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" />
          <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
        </>
      )}
      {shape === "bars" && <path d="M3 2h2v8H3zM7 2h2v8H7z" fill="currentColor" />}
      {shape === "cross" && (
        <path d="M2.500 2.500l7 7M9.500 2.500l-7 7" stroke="currentColor" stroke-width="1.8" fill="none" />
      )}
      {shape === "check" && (
        <path d="M2 6.500l2.800 2.800L10 3.500" stroke="currentColor" stroke-width="1.8" fill="none" />
      )}
    </svg>
  );
}

export function BrandMark() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M16 16 9 9M16 16l7-7M16 16v9" />
      <g>
        <circle cx="16" cy="16" r="3.600" />
        <circle cx="8" cy="8" r="2.300" />
        <circle cx="24" cy="8" r="2.300" />
        <circle cx="16" cy="26" r="2.300" />
      </g>
    </svg>
  );
}
