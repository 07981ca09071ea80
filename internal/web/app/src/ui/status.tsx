import { words } from "../format.ts";

const looks: Record<string, string> = {
  pending: "warn hollow",
  processing: "warn",
  fulfilled: "good",
  cancelled: "bad hollow",
  draft: "hollow",
  sent: "warn hollow",
  confirmed: "warn",
  received: "good",
};

export const Status = ({ status }: { status: string }) => (
  <span className={`badge ${looks[status] ?? ""}`} data-testid="status">
    {words(status)}
  </span>
);

export const Movement = ({ type }: { type: string }) => (
  <span className={`badge ${type === "adjustment" ? "warn" : type === "purchase" || type === "return" ? "good" : ""}`}>
    {words(type)}
  </span>
);
