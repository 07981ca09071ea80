/** How values look. Money comes as text with two decimals and is never added up in doubles. */

const locale = "en-GB";
const whole = new Intl.NumberFormat(locale);
const cents = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

/** "1234.5" as "€1,234.50"; what is no number stays as it is, and what is not seen is a dash. */
export function money(amount: string | number | undefined): string {
  const text = String(amount ?? "–");
  // Intl reads a decimal string exactly, however long it is.
  return /^-?\d+(\.\d+)?$/.test(text) ? cents.format(text as Intl.StringNumericLiteral) : text;
}

export const count = (n: number): string => whole.format(n);

/** A signed quantity, with a true minus. */
export const signed = (n: number): string => (n > 0 ? `+${whole.format(n)}` : n < 0 ? `−${whole.format(-n)}` : "0");

/** The sum of prices times quantities as decimal text, exact. None if a price is not seen. */
export function sum(lines: { price?: string | undefined; quantity: number }[]): string | undefined {
  let total = 0n;
  for (const { price, quantity } of lines) {
    if (price === undefined) return undefined;
    const [whole = "0", fraction = ""] = price.split(".");
    total += BigInt(whole + fraction.padEnd(2, "0").slice(0, 2)) * BigInt(quantity);
  }
  const digits = total.toString().padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** How long ago, in one or two words. A clock of the future counts as now. */
export function ago(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)} d ago`;
  return day.format(at);
}

/** The time of today, the day of what is older. */
export function time(iso: string, now: number): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return at.toDateString() === new Date(now).toDateString() ? clock.format(at) : day.format(at);
}

export const moment = (iso: string): string => (Number.isNaN(Date.parse(iso)) ? iso : full.format(new Date(iso)));

/** A day without time, "2026-01-02", is the same day everywhere. */
export function date(iso: string | null | undefined): string {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(iso ?? "");
  return parts ? day.format(new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))) : "–";
}

/** Milliseconds, as short as they allow. */
export function millis(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** "purchase_order" or "low-stock" as "Purchase order", "Low stock". */
export function words(name: string): string {
  return sentence(name.replace(/[_-]+/g, " "));
}

/** "1 item", "2 items". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** What a server says, begun with a capital. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
