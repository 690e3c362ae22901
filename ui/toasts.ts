/** Short messages about what was just done. Failures stay until they are closed. */
import { signal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly kind: "done" | "failed" | "note";
  readonly text: string;
  readonly hint: string | null;
}

export const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

export function toast(kind: Toast["kind"], text: string, hint: string | null = null): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, kind, text, hint }].slice(-4);
  if (kind !== "failed") setTimeout(() => dismiss(id), 5_000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}
