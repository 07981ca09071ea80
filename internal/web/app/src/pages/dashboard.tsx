import type { Dashboard as Figures } from "../api.ts";
import { ago, count, money, plural } from "../format.ts";
import { useDashboard, useOrders, useProducts } from "../live/queries.ts";
import { Link, Title } from "../router.tsx";
import { useSight } from "../sight.ts";
import { useChanged, useFlash } from "../ui/flash.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { useNow } from "../ui/now.ts";
import { Bone, Empty, Failed } from "../ui/states.tsx";
import { Status } from "../ui/status.tsx";

export function Dashboard() {
  const { data, error, refetch } = useDashboard();
  const sight = useSight();
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>Dashboard</Title>
        </div>
      </div>
      {error && !data ? (
        <div className="card">
          <Failed error={error} retry={() => void refetch()} />
        </div>
      ) : (
        <>
          <dl className="tiles">
            {sight.money && (
              <Tile
                name="inventory-value"
                icon="value"
                label="Inventory value"
                value={data && money(data.inventoryValue)}
              />
            )}
            <Tile name="open-orders" icon="orders" label="Open orders" value={data && count(data.openOrders)} />
            <Tile name="low-stock" icon="alert" label="Low stock" value={data && count(data.lowStock)} />
            {sight.shows("movements") && (
              <Tile
                name="movements-today"
                icon="movements"
                label="Movements today"
                value={data && count(data.movementsToday ?? 0)}
              />
            )}
          </dl>
          <div className="columns">
            <LowStock alerts={data?.alerts} />
            <Latest />
          </div>
        </>
      )}
    </div>
  );
}

function Tile({
  name,
  icon,
  label,
  value,
}: {
  name: string;
  icon: IconName;
  label: string;
  value: string | undefined;
}) {
  const flash = useFlash<HTMLElement>(useChanged(value));
  return (
    <div className="tile">
      <dt>
        <Icon name={icon} />
        {label}
      </dt>
      <dd
        ref={flash}
        className={`num cut ${value && value.length > 11 ? "long" : ""}`}
        title={value}
        data-testid={name}
      >
        {value ?? <Bone width="55%" />}
      </dd>
    </div>
  );
}

/** How many rows a list of the dashboard has room for. */
const room = 8;

function LowStock({ alerts }: { alerts: Figures["alerts"] | undefined }) {
  const { data: products } = useProducts();
  const productOf = (sku: string) => products?.find((p) => p.skus.some((s) => s.id === sku));
  return (
    <section className="card" aria-labelledby="low">
      <header>
        <h2 id="low">Low stock</h2>
        <Link to="/products">All products</Link>
      </header>
      {alerts?.length === 0 ? (
        <Empty icon="check" title="Nothing is low">
          <p>Every product is above its threshold.</p>
        </Empty>
      ) : (
        <ul className="rows" data-testid="alerts">
          {alerts ? (
            alerts.slice(0, room).map((a) => <Alert key={a.skuId} alert={a} product={productOf(a.skuId)?.id} />)
          ) : (
            <Bones />
          )}
        </ul>
      )}
      {alerts && alerts.length > room && (
        <p className="more">{plural(alerts.length - room, "more product")} at or below the threshold</p>
      )}
    </section>
  );
}

function Alert({ alert, product }: { alert: Figures["alerts"][number]; product: string | undefined }) {
  const flash = useFlash<HTMLLIElement>(useChanged(alert.quantity));
  const part = alert.threshold > 0 ? Math.min(100, (alert.quantity / alert.threshold) * 100) : 0;
  return (
    <li ref={flash}>
      <div className="what">
        <div className="cut">{product ? <Link to={`/products/${product}`}>{alert.name}</Link> : alert.name}</div>
        <small className="mono cut">{alert.sku}</small>
      </div>
      <div className="level num">
        <span>
          <strong>{count(alert.quantity)}</strong> <span className="quiet">of {count(alert.threshold)}</span>
        </span>
        <div className="track" aria-hidden="true">
          <div className={alert.quantity === 0 ? "none" : ""} style={{ width: `${Math.max(part, 4)}%` }} />
        </div>
      </div>
    </li>
  );
}

function Latest() {
  const { data: orders, error, refetch } = useOrders();
  const sight = useSight();
  const now = useNow();
  return (
    <section className="card" aria-labelledby="latest">
      <header>
        <h2 id="latest">Latest orders</h2>
        <Link to="/orders">All orders</Link>
      </header>
      {error && !orders ? (
        <Failed error={error} retry={() => void refetch()} />
      ) : orders?.length === 0 ? (
        <Empty icon="orders" title="No orders yet" />
      ) : (
        <ul className="rows" data-testid="latest-orders">
          {orders ? (
            orders.slice(0, room).map((o) => (
              <Row key={o.id} touched={(o as { touched?: number }).touched}>
                <div className="what">
                  <div className="cut">
                    <Link to={`/orders/${o.id}`}>{o.number}</Link> <span className="quiet">· {o.customer}</span>
                  </div>
                  <small className="num">
                    {sight.money && `${money(o.total)} · `}
                    {ago(o.createdAt, now)}
                  </small>
                </div>
                <Status status={o.status} />
              </Row>
            ))
          ) : (
            <Bones />
          )}
        </ul>
      )}
    </section>
  );
}

function Row({ touched, children }: { touched: number | undefined; children: React.ReactNode }) {
  return <li ref={useFlash<HTMLLIElement>(touched)}>{children}</li>;
}

const Bones = () =>
  Array.from({ length: room }, (_, i) => (
    <li key={i} aria-hidden="true">
      <div className="stack tight">
        <Bone width={`${50 + ((i * 17) % 35)}%`} />
        <Bone width="30%" />
      </div>
    </li>
  ));
