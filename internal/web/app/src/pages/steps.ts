/** Whether an order can still be worked on. */
export const isOpen = (o: { status: string }): boolean => o.status === "pending" || o.status === "processing";

/** What can be done with a purchase order next, if anything. */
export function nextStep({ status }: { status: string }): { name: "send" | "receive"; label: string } | undefined {
  if (status === "draft") return { name: "send", label: "Send" };
  if (status === "sent" || status === "confirmed") return { name: "receive", label: "Receive" };
  return undefined;
}
