import { createContext, useContext, useId, type ComponentProps, type ReactNode } from "react";

const Ids = createContext({ id: "", hint: "" });

/** A label, what it labels, and a word about it. */
export function Field({ label, hint, children }: { label: string; hint?: string | undefined; children: ReactNode }) {
  const id = useId();
  const hintId = `${id}hint`;
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <Ids value={{ id, hint: hint ? hintId : "" }}>{children}</Ids>
      {hint && (
        <span className="hint" id={hintId}>
          {hint}
        </span>
      )}
    </div>
  );
}

function useField(): { id?: string; "aria-describedby"?: string } {
  const { id, hint } = useContext(Ids);
  return { ...(id ? { id } : {}), ...(hint ? { "aria-describedby": hint } : {}) };
}

/** Fields outside of a Field need an aria-label. */
export const Input = ({ className = "", ...props }: ComponentProps<"input">) => (
  <input className={`input ${className}`} autoComplete="off" {...useField()} {...props} />
);

export const Select = ({ className = "", ...props }: ComponentProps<"select">) => (
  <select className={`input ${className}`} {...useField()} {...props} />
);
