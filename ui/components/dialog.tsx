/** A modal question. The browser's own dialog element keeps the focus inside and closes on Escape. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export function Dialog(
  { title, confirm, danger, ready = true, onConfirm, onClose, children }: {
    title: string;
    /** The word on the button that does it. */
    confirm: string;
    danger?: boolean;
    ready?: boolean;
    onConfirm: () => void;
    onClose: () => void;
    children: ComponentChildren;
  },
) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class={`button ${danger === true ? "danger" : "primary"}`} disabled={!ready}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
