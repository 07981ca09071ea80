package inventory

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// Five minutes of business at the default rate, without the pauses.
func TestShopKeepsGoing(t *testing.T) {
	t.Parallel()
	const steps = 5 * 60 * defaultRate
	dsn, conn := seeded(t)
	s := newShop(t, dsn, ShopOptions{Seed: 7})

	low := lowSkus(t, conn)
	alerts := 0
	did := make(map[string]int)
	for range steps {
		_, name, err := s.act(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		did[name]++
		now := lowSkus(t, conn)
		for sku := range now {
			if !low[sku] {
				alerts++
			}
		}
		low = now
	}
	t.Logf("%v; %d alerts, one in %d seconds", did, alerts, steps/defaultRate/max(alerts, 1))

	for _, a := range actions() {
		if did[a.name] == 0 && a.name != "archive" {
			t.Errorf("%s was never done", a.name)
		}
	}
	if did[""] > 0 {
		t.Errorf("%d times there was nothing to do", did[""])
	}
	// One in 10 to 60 seconds.
	if alerts < 5 || alerts > 30 {
		t.Errorf("%d skus ran low in five minutes", alerts)
	}
	addsUp(t, conn)
	for query, want := range map[string][2]int{
		`select max(quantity) from public.skus`:                                     {maxRestock, 200},
		`select count(*) from public.skus where quantity = 0`:                       {0, 3},
		`select count(*) from public.orders where status in ('pending')`:            {2, 40},
		`select count(*) from public.orders where status in ('processing')`:         {1, 40},
		`select count(*) from public.purchase_orders where status in ('draft')`:     {0, 12},
		`select count(*) from public.purchase_orders where status in ('sent')`:      {0, 12},
		`select count(*) from public.purchase_orders where status in ('confirmed')`: {0, 12},
	} {
		if got := pgtest.Query[int](t, conn, query); got < want[0] || got > want[1] {
			t.Errorf("%s = %d, want %d to %d", query, got, want[0], want[1])
		}
	}
}

func lowSkus(t *testing.T, conn *pgx.Conn) map[string]bool {
	t.Helper()
	rows, err := conn.Query(t.Context(), `select id from public.skus where quantity <= low_stock_threshold`)
	if err != nil {
		t.Fatal(err)
	}
	low := make(map[string]bool)
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { low[id] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	return low
}

func TestShopIsRepeatable(t *testing.T) {
	t.Parallel()
	var history [2]string
	for i := range history {
		dsn, conn := seeded(t)
		s := newShop(t, dsn, ShopOptions{Seed: 11})
		for range 60 {
			if _, _, err := s.act(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
		}
		history[i] = pgtest.Query[string](t, conn, `
			select string_agg(line, e'\n' order by line)
			  from (select tenant_id || order_number || customer || status || total from public.orders
			         union all
			        select tenant_id || po_number || status || total from public.purchase_orders
			         union all
			        select tenant_id || sku || quantity from public.skus) l (line)`)
	}
	if diff := cmp.Diff(strings.Split(history[0], "\n"), strings.Split(history[1], "\n")); diff != "" {
		t.Errorf("two runs with one seed differ:\n%s", diff)
	}
}

// Three shops in one tenant must not get into each other's way.
func TestSeveralShops(t *testing.T) {
	t.Parallel()
	dsn, conn := seeded(t)
	g, ctx := errgroup.WithContext(t.Context())
	for seed := range uint64(3) {
		s := newShop(t, dsn, ShopOptions{Seed: 20 + seed, Tenants: []string{AcmeID}})
		conn := pgtest.Connect(t, dsn)
		g.Go(func() error {
			for range 120 {
				if _, _, err := s.act(ctx, conn); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	addsUp(t, conn)
}

// Somebody else takes what the shop has just chosen. It must wait, see that it
// came too late, and leave it.
func TestShopYields(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{
		// The only confirmed purchase order of Acme.
		"receive purchase order": `update public.purchase_orders set status = 'received' where tenant_id = $1 and po_number = 'PO-505'`,
		// All that is left.
		"place order": `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity)
			select tenant_id, id, 'sale', -quantity from public.skus where tenant_id = $1 and quantity > 0`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, conn := seeded(t)
			pgtest.ExecWith(t, conn, `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity)
				select tenant_id, id, 'sale', -quantity from public.skus where tenant_id = $1 and sku <> 'DRY-8'`, AcmeID)
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), other, AcmeID); err != nil {
				t.Fatal(err)
			}
			s, shop := newShop(t, dsn, ShopOptions{}), pgtest.Connect(t, dsn)
			chosen := named(t, name)
			type result struct {
				done bool
				err  error
			}
			got := make(chan result, 1)
			go func() {
				done, err := s.step(t.Context(), shop, AcmeID, chosen)
				got <- result{done, err}
			}()
			await(t, dsn, `select $1 = any (pg_blocking_pids($2))`, int32(conn.PgConn().PID()), int32(shop.PgConn().PID()))
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := fingerprint(t, conn)
			if r := <-got; r.err != nil || r.done {
				t.Errorf("step = %v, %v; want false", r.done, r.err)
			}
			if diff := cmp.Diff(before, fingerprint(t, conn)); diff != "" {
				t.Errorf("the shop wrote:\n%s", diff)
			}
		})
	}
}

// The shop must come back after its session is thrown out and after the server
// has been away.
func TestShopSurvivesOutage(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true, Durable: true}) // the data must outlive Kill
	dsn := pg.SocketDSN("postgres")
	pgtest.Inventory(t, dsn)
	if _, err := Seed(t.Context(), pgtest.Connect(t, dsn)); err != nil {
		t.Fatal(err)
	}
	s := newShop(t, dsn, ShopOptions{Rate: 200})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()

	await(t, dsn, `select count(*) > 0 from pg_stat_activity where application_name = 'shop'`)
	writes(t, dsn)
	pgtest.ExecWith(t, pgtest.Connect(t, dsn), `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shop'`)
	writes(t, dsn)
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	writes(t, dsn)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	await(t, dsn, `select count(*) = 0 from pg_stat_activity where application_name = 'shop'`)
}

// The end of the context must not wait for a lock that somebody keeps.
func TestShopStopsWhileItWaits(t *testing.T) {
	t.Parallel()
	dsn, conn := seeded(t)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `lock table public.users in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	s := newShop(t, dsn, ShopOptions{Rate: 200})
	s.timeout = time.Hour // nothing but the context ends what waits
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	const waiting = `select count(*) > 0 from pg_stat_activity
		where application_name = 'shop' and wait_event_type = 'Lock' and datname = current_database()`
	await(t, dsn, waiting)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// writes waits until the shop has written something new.
func writes(t *testing.T, dsn string) {
	t.Helper()
	const newest = `select max(created_at)::text from public.orders`
	await(t, dsn, `select max(created_at)::text > $1 from public.orders`, pgtest.Query[string](t, pgtest.Connect(t, dsn), newest))
}

// await waits until a query says true. The limit is there to end a test that
// has failed.
func await(t *testing.T, dsn, query string, args ...any) {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if pgtest.Query[bool](t, conn, query, args...) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never true: %s", query)
}

func TestNewShopRefusesBadOptions(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig("host=localhost")
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]ShopOptions{
		"Database":     {},
		"Rate":         {Database: config, Rate: -1},
		"Rate is NaN":  {Database: config, Rate: math.NaN()},
		"Rate is +Inf": {Database: config, Rate: math.Inf(1)},
	} {
		if _, err := NewShop(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewShop(%+v) = %v; want an error about %s", o, err, want)
		}
	}
	if config.RuntimeParams["application_name"] == "shop" {
		t.Error("NewShop changed the configuration of its caller")
	}
}
