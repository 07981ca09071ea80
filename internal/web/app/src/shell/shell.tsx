import { useSocket } from "@rowcast/client/react";
import { lazy, Suspense, useState } from "react";
import { Dashboard } from "../pages/dashboard.tsx";
import { Missing } from "../pages/missing.tsx";
import { Movements } from "../pages/movements.tsx";
import { Orders } from "../pages/orders.tsx";
import { Product } from "../pages/product.tsx";
import { Products } from "../pages/products.tsx";
import { PurchaseOrders } from "../pages/purchase-orders.tsx";
import { Link, navigate, useRoute, type PageName, type Route } from "../router.tsx";
import { end, type Session } from "../session.ts";
import { sightOf, viewer } from "../sight.ts";
import { useStore } from "../store.ts";
import { nextTheme, theme } from "../theme.ts";
import { ToastList } from "../toast/toast-list.tsx";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { useLink, type LinkState } from "./link.ts";
import { Shortcuts, useShortcuts } from "./shortcuts.tsx";

const Inspector = lazy(() => import("../feed/inspector.tsx"));

const pages: { page: PageName; to: string; label: string; short: string; icon: IconName }[] = [
  { page: "dashboard", to: "/", label: "Dashboard", short: "Home", icon: "dashboard" },
  { page: "orders", to: "/orders", label: "Orders", short: "Orders", icon: "orders" },
  { page: "movements", to: "/movements", label: "Stock movements", short: "Stock", icon: "movements" },
  { page: "purchase-orders", to: "/purchase-orders", label: "Purchase orders", short: "Buying", icon: "truck" },
  { page: "products", to: "/products", label: "Products", short: "Products", icon: "box" },
  { page: "feed", to: "/feed", label: "Feed", short: "Feed", icon: "pulse" },
];

export function Shell({ session }: { session: Session }) {
  const route = useRoute();
  const link = useLink();
  const sight = sightOf(session.user);
  const [help, setHelp] = useState(false);
  useShortcuts(() => setHelp(true));
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <section className="top" aria-label="Application">
        <Brand />
        <div className="mini" aria-hidden="true">
          <span className={`dot ${link.tone}`} />
          <span className="cut">{link.title}</span>
        </div>
        <ThemeButton />
        <Button look="ghost" icon="logout" aria-label="Log out" title="Log out" onClick={logout} />
      </section>
      <header className="side">
        <Brand />
        <nav className="nav" aria-label="Pages">
          <ul>
            {pages
              .filter((p) => sight.shows(p.page))
              .map((p) => (
                <li key={p.page}>
                  <Link to={p.to} aria-current={route.page === p.page ? "page" : undefined}>
                    <Icon name={p.icon} />
                    <NavLabel full={p.label} short={p.short} />
                  </Link>
                </li>
              ))}
          </ul>
        </nav>
        <div className="foot">
          <Connection link={link} />
          <div className="me">
            <span className="avatar" aria-hidden="true">
              {initials(session.user.name)}
            </span>
            <div className="who">
              <div className="cut" title={session.user.name}>
                {session.user.name}
              </div>
              <div className="cut" title={`${session.tenant.name}, ${viewer(session.user)}`}>
                {session.tenant.name}
              </div>
            </div>
            <ThemeButton small />
            <Button look="ghost" small icon="logout" aria-label="Log out" title="Log out" onClick={logout} />
          </div>
        </div>
      </header>
      <main className="main" id="main" tabIndex={-1}>
        <Suspense fallback={null}>{sight.shows(route.page) ? <Page route={route} /> : <Missing />}</Suspense>
      </main>
      <Notice link={link} />
      <ToastList />
      {help && <Shortcuts onClose={() => setHelp(false)} />}
    </div>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "dashboard":
      return <Dashboard />;
    case "orders":
      return <Orders open={route.id} />;
    case "movements":
      return <Movements />;
    case "purchase-orders":
      return <PurchaseOrders open={route.id} />;
    case "products":
      return route.id ? <Product key={route.id} id={route.id} /> : <Products />;
    case "feed":
      return <Inspector />;
    default:
      return <Missing />;
  }
}

const Brand = () => (
  <Link to="/" className="brand" aria-label="Rowcast, dashboard">
    <Icon name="logo" size={22} />
    <span>Rowcast</span>
  </Link>
);

const NavLabel = ({ full, short }: { full: string; short: string }) => (
  <>
    <span className="full">{full}</span>
    <span className="short">{short}</span>
  </>
);

const themeIcons = { system: "auto", light: "sun", dark: "moon" } as const;

function ThemeButton({ small = false }: { small?: boolean }) {
  const current = useStore(theme);
  const label = `Theme: ${current}`;
  return (
    <Button
      look="ghost"
      small={small}
      icon={themeIcons[current]}
      aria-label={label}
      title={label}
      onClick={nextTheme}
    />
  );
}

const Connection = ({ link }: { link: LinkState }) => (
  <div className="link-state" data-testid="connection" data-state={link.title}>
    <span className={`dot ${link.tone}`} />
    <strong className="cut">{link.title}</strong>
    <span className="sub cut num" title={link.detail}>
      {link.detail}
    </span>
  </div>
);

/** What there is to know about the connection, over the page; always there for screen readers. */
function Notice({ link }: { link: LinkState }) {
  const feed = useSocket();
  return (
    <div role="status" data-testid="notice">
      {link.loud && (
        <div className="notice">
          <span className={`dot ${link.tone}`} />
          <span>{link.title}</span>
          <span className="quiet cut num" aria-hidden={!link.ended}>
            {link.detail}
          </span>
          {link.ended && (
            <Button small onClick={() => feed.connect()}>
              Connect
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function logout(): void {
  end();
  navigate("/", true);
}

function initials(name: string): string {
  const [first = "", ...rest] = name.trim().split(/\s+/);
  return ([...first][0] ?? "?").toUpperCase() + ([...(rest.at(-1) ?? "")][0] ?? "").toUpperCase();
}
