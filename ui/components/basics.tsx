/** The small pieces every page is made of. They hold no data and make no requests. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ApiError } from "../api.ts";
import { moved, navigate } from "../paths.ts";
import { toast } from "../toasts.ts";
import type { Tone } from "../words.ts";
import { Icon, type IconName, Mark } from "./icon.tsx";

/** A link inside the page; a click with a modifier opens it as the browser would. */
export function Link(
  { to, children, ...rest }: {
    to: string;
    class?: string;
    children: ComponentChildren;
    "aria-current"?: "page" | undefined;
  },
) {
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={onClick} {...rest}>{children}</a>;
}

/** The heading of a page. Takes the focus after a move, so that a screen reader says where one is. */
export function PageHead(
  { title, lead, children }: { title: string; lead?: ComponentChildren; children?: ComponentChildren },
) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Neuron`;
    if (moved.peek()) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <header class="page-head">
      <div class="page-head-words">
        <h1 tabIndex={-1} ref={heading}>{title}</h1>
        {lead !== undefined && <p class="lead">{lead}</p>}
      </div>
      {children}
    </header>
  );
}

export function Badge({ tone, shape, children }: { tone: Tone; shape: string; children: ComponentChildren }) {
  return (
    <span class={`badge tone-${tone}`}>
      <Mark shape={shape} />
      {children}
    </span>
  );
}

/**
 * A button that says why it cannot be used: it stays focusable, so that keyboard and screen reader reach the reason.
 */
export function ActionButton(
  { label, icon, reason, busy, kind = "plain", onPress }: {
    label: string;
    icon?: IconName;
    /** Why not; null: it can be used. */
    reason: string | null;
    busy?: boolean;
    kind?: "plain" | "primary" | "danger";
    onPress: () => void;
  },
) {
  const blocked = reason !== null || busy === true;
  return (
    <button
      type="button"
      class={`button ${kind}`}
      aria-disabled={blocked}
      aria-busy={busy === true}
      title={reason ?? undefined}
      aria-description={reason ?? undefined}
      onClick={() => {
        if (!blocked) onPress();
        // A finger cannot hover: pressing tells the reason as well.
        else if (reason !== null) toast("note", reason);
      }}
    >
      {busy === true ? <span class="spinner" aria-hidden="true" /> : icon !== undefined && <Icon name={icon} />}
      {label}
    </button>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <div>{children}</div>
    </div>
  );
}

export function Problem({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Mark shape="cross" />
      <div>
        <strong>{error.message}</strong>
        {error.hint !== null && <p>{error.hint}</p>}
        {onRetry !== undefined && <button type="button" class="button" onClick={onRetry}>Try again</button>}
      </div>
    </div>
  );
}

export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => <div key={index} />)}
    </div>
  );
}

/** Names and values. Values from outside are text and nothing else; `bdi` keeps their direction to themselves. */
export function Facts({ facts }: { facts: Readonly<Record<string, ComponentChildren>> }) {
  return (
    <dl class="facts">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value === null || value === "" ? <span class="muted">not told</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
