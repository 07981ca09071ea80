import { useDesk } from "../desk.ts";
import { Link } from "../router.tsx";
import { useStore } from "../store.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import type { Toast } from "./toasts.ts";

/** The toasts, in a corner. What a screen reader hears of them is apart, and less often. */
export function ToastList() {
  const { toasts } = useDesk();
  const shown = useStore(toasts.shown);
  const said = useStore(toasts.said);
  return (
    <>
      <div className="hidden" aria-live="polite" data-testid="toasts-said">
        {said}
      </div>
      <section
        className="toasts"
        aria-label="Notifications"
        data-testid="toasts"
        onMouseEnter={() => toasts.hold(true)}
        onMouseLeave={() => toasts.hold(false)}
        onFocus={() => toasts.hold(true)}
        onBlur={() => toasts.hold(false)}
      >
        {shown.map((toast) => (
          <Card key={toast.id} toast={toast} dismiss={() => toasts.dismiss(toast.id)} />
        ))}
      </section>
    </>
  );
}

function Card({ toast, dismiss }: { toast: Toast; dismiss: () => void }) {
  const title = toast.title(toast.count);
  return (
    <div className={`toast ${toast.tone ?? ""}`} data-testid="toast" data-kind={toast.kind}>
      <Icon name={toast.tone === "warn" || toast.tone === "bad" ? "alert" : "bell"} />
      <div>
        <div className="title num">{toast.to ? <Link to={toast.to}>{title}</Link> : title}</div>
        <div className={toast.tone === "bad" ? "detail whole" : "detail cut num"}>{toast.detail}</div>
      </div>
      <Button look="ghost" small icon="close" aria-label={`Dismiss: ${title}`} onClick={dismiss} />
    </div>
  );
}
