import type { ReactNode } from "react";
import { sentence } from "../format.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** A grey bar where text will be. */
export const Bone = ({ width = "60%" }: { width?: string }) => <span className="bone" style={{ width }} />;

/** Rows of a table that is being read, as high as the real ones. */
export function SkeletonRows({ rows, columns }: { rows: number; columns: (string | undefined)[] }) {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={row} aria-hidden="true">
      {columns.map((className, i) => (
        <td key={i} className={className}>
          <Bone width={`${40 + ((row * 7 + i * 13) % 40)}%`} />
        </td>
      ))}
    </tr>
  ));
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div className="state" role="alert">
      <Icon name="alert" size={28} />
      <h2>This could not be loaded</h2>
      <p>{sentence(error.message)}</p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Why something was refused, beside what was asked for. */
export function Refused({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <div className="alert" role="alert">
      <Icon name="alert" size={18} />
      <span>{sentence(error.message)}</span>
    </div>
  );
}
