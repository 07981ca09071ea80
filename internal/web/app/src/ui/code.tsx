import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

/** Lines to copy. Where there is no clipboard they are selected instead. */
export function Code({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(0);
  useEffect(() => {
    if (copied === 0) return;
    const timer = setTimeout(() => setCopied(0), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (button: HTMLElement) => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied((n) => n + 1);
    } catch {
      const lines = button.parentElement?.querySelector("pre");
      if (lines) getSelection()?.selectAllChildren(lines);
    }
  };
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Button
        look="ghost"
        small
        icon={copied ? "check" : "copy"}
        aria-label={copied ? "Copied" : `Copy: ${label}`}
        title={copied ? "Copied" : "Copy"}
        onClick={(event) => void copy(event.currentTarget)}
      />
    </div>
  );
}
