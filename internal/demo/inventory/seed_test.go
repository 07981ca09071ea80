package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/test/pgtest"
)

func TestSeedIsStable(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	pgtest.Inventory(t, dsn)
	got, err := Seed(t.Context(), pgtest.Connect(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tenant{
		{ID: AcmeID, Name: "Acme Outdoor", Users: []User{
			{ID: "ac3e0000-0000-4000-8000-000000000101", Name: "Wilma Acker", Email: "wilma@acme-outdoor.example", Role: "owner", Warehouses: []string{}},
			{ID: "ac3e0000-0000-4000-8000-000000000102", Name: "Tomás Herrera", Email: "tomas@acme-outdoor.example", Role: "manager", Warehouses: []string{}},
			{ID: "ac3e0000-0000-4000-8000-000000000103", Name: "Jun Okafor", Email: "jun@acme-outdoor.example", Role: "clerk", Warehouses: []string{}},
			{ID: "ac3e0000-0000-4000-8000-000000000104", Name: "Petra Vogel", Email: "petra@acme-outdoor.example", Role: "clerk", Warehouses: []string{}},
			{ID: "ac3e0000-0000-4000-8000-000000000105", Name: "Piet Maes", Email: "piet@acme-outdoor.example", Role: "picker", Warehouses: []string{"main"}},
		}},
		{ID: BorealisID, Name: "Borealis Coffee", Users: []User{
			{ID: "b0ea1150-0000-4000-8000-000000000201", Name: "Aino Laine", Email: "aino@borealis-coffee.example", Role: "owner", Warehouses: []string{}},
			{ID: "b0ea1150-0000-4000-8000-000000000202", Name: "Samuel Okoro", Email: "samuel@borealis-coffee.example", Role: "manager", Warehouses: []string{}},
			{ID: "b0ea1150-0000-4000-8000-000000000203", Name: "Mirela Popescu", Email: "mirela@borealis-coffee.example", Role: "clerk", Warehouses: []string{}},
			{ID: "b0ea1150-0000-4000-8000-000000000205", Name: "Nadia Haddad", Email: "nadia@borealis-coffee.example", Role: "picker", Warehouses: []string{"main"}},
			{ID: "b0ea1150-0000-4000-8000-000000000204", Name: "Kenji Mori", Email: "kenji@borealis-coffee.example", Role: "viewer", Warehouses: []string{}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tenants differ (-want +got):\n%s", diff)
	}
	_, other := seeded(t)
	if diff := cmp.Diff(fingerprint(t, pgtest.Connect(t, dsn)), fingerprint(t, other)); diff != "" {
		t.Errorf("two databases differ:\n%s", diff)
	}
}

// fingerprint is everything in the database but the times.
func fingerprint(t *testing.T, conn *pgx.Conn) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, table := range []string{
		"tenants", "users", "suppliers", "products", "skus", "stock_movements",
		"orders", "order_items", "purchase_orders", "purchase_order_items",
	} {
		all[table] = pgtest.Query[string](t, conn, `
			select string_agg((to_jsonb(r) - 'created_at' - 'updated_at' - 'expected_on')::text, e'\n' order by id)
			  from public.`+table+` r`)
	}
	return all
}

func TestSeedAddsUp(t *testing.T) {
	t.Parallel()
	_, conn := seeded(t)
	addsUp(t, conn)
	for _, tenant := range []string{AcmeID, BorealisID} {
		for table, want := range map[string][2]int{
			"users": {5, 5}, "suppliers": {4, 4}, "products": {12, 12}, "skus": {25, 25},
			"stock_movements": {50, 90}, "orders": {25, 25}, "purchase_orders": {8, 8},
		} {
			n := pgtest.Query[int](t, conn, `select count(*) from public.`+table+` where tenant_id = $1`, tenant)
			if n < want[0] || n > want[1] {
				t.Errorf("tenant %s has %d %s, want %d to %d", tenant, n, table, want[0], want[1])
			}
		}
		for _, query := range []string{
			`select count(distinct status) = 4 from public.orders where tenant_id = $1`,
			`select count(distinct status) = 5 from public.purchase_orders where tenant_id = $1`,
			`select count(distinct movement_type) = 5 from public.stock_movements where tenant_id = $1`,
			`select count(*) between 1 and 8 from public.skus where tenant_id = $1 and quantity <= low_stock_threshold`,
			`select max(created_at) < now() and max(updated_at) < now() from public.orders where tenant_id = $1`,
			`select max(created_at) < now() from public.stock_movements where tenant_id = $1`,
		} {
			if !pgtest.Query[bool](t, conn, query, tenant) {
				t.Errorf("tenant %s: not true: %s", tenant, query)
			}
		}
	}
}

func TestSeedIsIdempotent(t *testing.T) {
	t.Parallel()
	_, conn := seeded(t)
	pgtest.ExecWith(t, conn, `update public.tenants set name = 'Acme Indoor' where id = $1`, AcmeID)
	pgtest.ExecWith(t, conn, `delete from public.orders where order_number = 'SO-1001'`)
	before := fingerprint(t, conn)
	tenants, err := Seed(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(tenants) != 2 || tenants[0].Name != "Acme Indoor" || len(tenants[0].Users) != 5 {
		t.Errorf("tenants are %+v", tenants)
	}
	if diff := cmp.Diff(before, fingerprint(t, conn)); diff != "" {
		t.Errorf("the second seed changed something (-before +after):\n%s", diff)
	}
}

func TestSeedAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	pgtest.Inventory(t, dsn)
	var g errgroup.Group
	for range 4 {
		conn := pgtest.Connect(t, dsn)
		g.Go(func() error {
			_, err := Seed(t.Context(), conn)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Query[int](t, pgtest.Connect(t, dsn), `select count(*) from public.orders`); n != 50 {
		t.Errorf("%d orders, want 50", n)
	}
}
