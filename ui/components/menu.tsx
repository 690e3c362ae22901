/** A button that opens a short list of actions. What cannot be chosen stays in the list and says why below its name. */
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface MenuItem {
  readonly label: string;
  readonly reason: string | null;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

export function Menu({ label, items, text }: { label: string; items: readonly MenuItem[]; text?: string }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const onOutside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    addEventListener("pointerdown", onOutside);
    return () => removeEventListener("pointerdown", onOutside);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const all = [...root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? []];
    const at = all.findIndex((item) => item === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    if (to !== undefined || event.key === "Escape") event.preventDefault();
  };

  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        ref={button}
        class={`button ${text === undefined ? "icon-only" : ""}`}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {text}
        <Icon name="more" />
      </button>
      {open && (
        <div role="menu" id={id} class="menu-list" aria-label={label} onKeyDown={onKey}>
          {items.map((item) => (
            <button
              type="button"
              role="menuitem"
              key={item.label}
              tabIndex={-1}
              class={item.danger === true ? "danger" : ""}
              aria-disabled={item.reason !== null}
              onClick={() => {
                if (item.reason !== null) return;
                close();
                item.onChoose();
              }}
            >
              {item.label}
              {item.reason !== null && <small>{item.reason}</small>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
