package inventory

import (
	"slices"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// state is what a tenant has of each thing.
type state map[string]int

func look(t *testing.T, conn *pgx.Conn, tenant string) state {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select 'order ' || status, count(*) from public.orders where tenant_id = $1 group by status
		 union all
		select 'purchase order ' || status, count(*) from public.purchase_orders where tenant_id = $1 group by status
		 union all
		select reason || ' units', sum(quantity) from public.stock_movements where tenant_id = $1 group by reason
		 union all
		select 'units', sum(quantity) from public.skus where tenant_id = $1`, tenant)
	if err != nil {
		t.Fatal(err)
	}
	s := make(state)
	var name string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { s[name] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return s
}

// since is what has changed.
func (s state) since(before state) state {
	d := make(state)
	for name := range s {
		if s[name] != before[name] {
			d[name] = s[name] - before[name]
		}
	}
	for name := range before {
		if _, ok := s[name]; !ok {
			d[name] = -before[name]
		}
	}
	return d
}

func newShop(t *testing.T, dsn string, o ShopOptions) *Shop {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	o.Database = config
	s, err := NewShop(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func named(t *testing.T, name string) action {
	t.Helper()
	all := actions()
	i := slices.IndexFunc(all, func(a action) bool { return a.name == name })
	if i < 0 {
		t.Fatalf("there is no action %q", name)
	}
	return all[i]
}

// Each action, done once, must change what it is for and nothing else. A 0
// stands for units whose number is left to chance.
func TestActions(t *testing.T) {
	t.Parallel()
	cases := map[string]state{
		"place order":            {"order pending": 1},
		"process order":          {"order pending": -1, "order processing": 1},
		"fulfil order":           {"order processing": -1, "order fulfilled": 1, "customer order units": 0, "units": 0},
		"cancel order":           {"order pending": -1, "order cancelled": 1},
		"draft purchase order":   {"purchase order draft": 1},
		"send purchase order":    {"purchase order draft": -1, "purchase order sent": 1},
		"confirm purchase order": {"purchase order sent": -1, "purchase order confirmed": 1},
		"receive purchase order": {"purchase order confirmed": -1, "purchase order received": 1, "goods received units": 120, "units": 120},
		"cancel purchase order":  {"purchase order sent": -1, "purchase order cancelled": 1},
		"write off damage":       {"damaged units": 0, "units": 0},
		"take stock":             {"stocktake units": 0, "units": 0},
		"archive":                nil, // TestShopArchives
	}
	for _, a := range actions() {
		want, ok := cases[a.name]
		if !ok {
			t.Errorf("no case for %q", a.name)
		}
		if want == nil {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			dsn, conn := seeded(t)
			if a.name == "draft purchase order" {
				pgtest.ExecWith(t, conn, `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity, created_by)
					select s.tenant_id, s.id, 'adjustment', s.low_stock_threshold - s.quantity, u.id
					  from public.skus s join public.users u on u.tenant_id = s.tenant_id and u.role = 'owner'
					 where s.sku = 'TENT-2P'`)
			}
			s := newShop(t, dsn, ShopOptions{Seed: 5})
			before, other := look(t, conn, AcmeID), look(t, conn, BorealisID)
			done, err := s.step(t.Context(), conn, AcmeID, a)
			if err != nil || !done {
				t.Fatalf("step = %v, %v", done, err)
			}
			got := look(t, conn, AcmeID).since(before)
			for name := range want {
				if want[name] == 0 && got[name] != 0 {
					want[name] = got[name]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("changes differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(other, look(t, conn, BorealisID)); diff != "" {
				t.Errorf("the other tenant changed:\n%s", diff)
			}
			addsUp(t, conn)
		})
	}
}

// An action with nothing to work on must say so and write nothing; act then
// finds nothing to do at all.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	dsn, conn := seeded(t)
	empty := pgtest.Query[string](t, conn, `insert into public.tenants (slug, name) values ('empty', 'Empty') returning id`)
	s := newShop(t, dsn, ShopOptions{Tenants: []string{empty}})
	before := fingerprint(t, conn)
	for _, a := range actions() {
		if done, err := s.step(t.Context(), conn, empty, a); err != nil || done {
			t.Errorf("%s in an empty tenant = %v, %v", a.name, done, err)
		}
	}
	if _, name, err := s.act(t.Context(), conn); err != nil || name != "" {
		t.Errorf("act = %q, %v", name, err)
	}
	if diff := cmp.Diff(before, fingerprint(t, conn)); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
}

func TestShopArchives(t *testing.T) {
	t.Parallel()
	dsn, conn := seeded(t)
	const old = 70
	pgtest.ExecWith(t, conn, `insert into public.orders (tenant_id, customer, status)
		select $1, 'somebody', 'fulfilled' from generate_series(1, $2)`, AcmeID, keepClosedOrders)
	pgtest.ExecWith(t, conn, `insert into public.orders (tenant_id, customer, status, created_at)
		select $1, 'old', 'fulfilled', now() - interval '1 year' from generate_series(1, $2)`, AcmeID, old)
	pgtest.ExecWith(t, conn, `insert into public.purchase_orders (tenant_id, supplier_id, status)
		select tenant_id, id, 'received' from public.suppliers, generate_series(1, $2) where tenant_id = $1`, AcmeID, keepClosedPurchaseOrders/4)
	open := pgtest.Query[int](t, conn, `select count(*) from public.orders where status in ('pending', 'processing')`)
	s := newShop(t, dsn, ShopOptions{})
	archive := named(t, "archive")

	const rest = `select count(*) from public.orders where customer = 'old'`
	for _, want := range []int{old - 50, 0} {
		if done, err := s.step(t.Context(), conn, AcmeID, archive); err != nil || !done {
			t.Fatalf("archive = %v, %v", done, err)
		}
		if got := pgtest.Query[int](t, conn, rest); got != want {
			t.Errorf("%d old orders are left, want %d", got, want)
		}
	}
	if done, err := s.step(t.Context(), conn, AcmeID, archive); err != nil || done {
		t.Errorf("archive with nothing left to archive = %v, %v", done, err)
	}
	for query, want := range map[string]int{
		`select count(*) from public.orders where tenant_id = $1 and status in ('fulfilled', 'cancelled')`:         keepClosedOrders,
		`select count(*) from public.purchase_orders where tenant_id = $1 and status in ('received', 'cancelled')`: keepClosedPurchaseOrders,
		`select count(*) from public.orders where status in ('pending', 'processing') and $1::uuid is not null`:    open,
		`select count(*) from public.orders where tenant_id <> $1`:                                                 25,
		`select count(*) from public.order_items i
			where tenant_id = $1 and not exists (select from public.orders o where o.id = i.order_id)`: 0,
	} {
		if got := pgtest.Query[int](t, conn, query, AcmeID); got != want {
			t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
}
