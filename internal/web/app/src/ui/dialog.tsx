import { useEffect, useId, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { Button } from "./button.tsx";

interface Props {
  title: string;
  onClose: () => void;
  /** Comes from the side and has the full height, for things to read. */
  sheet?: boolean;
  children: ReactNode;
}

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, [tabindex="0"]';

/**
 * A modal dialog. The browser makes the rest inert, closes it on Escape and
 * gives the focus back; Tab goes round within it.
 */
export function Dialog({ title, onClose, sheet, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const goRound = (event: KeyboardEvent) => {
    if (event.key !== "Tab") return;
    const all = [...(dialog.current?.querySelectorAll<HTMLElement>(focusable) ?? [])].filter(
      (e) => e.offsetParent !== null,
    );
    const [first, last] = [all[0], all.at(-1)];
    const at = document.activeElement;
    if (event.shiftKey ? at !== first : at !== last) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  };
  const outside = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={sheet ? "sheet" : undefined}
      aria-labelledby={heading}
      onKeyDown={goRound}
      onMouseDown={outside}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
    >
      <div className="title">
        <h2 id={heading} className="cut">
          {title}
        </h2>
        <Button look="ghost" small icon="close" aria-label="Close" onClick={onClose} />
      </div>
      <div className="body">{children}</div>
    </dialog>
  );
}
