package inventory_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"rowcast/internal/test/pgtest"
	"rowcast/migrations/inventory"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestMigrationsUpDownUp(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	p := provider(t, dsn)
	conn := pgtest.Connect(t, dsn)

	before := objects(t, conn)
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := objects(t, conn)
	for _, want := range []string{
		"table tenants", "table users", "table suppliers", "table products", "table skus", "table stock_movements",
		"table orders", "table order_items", "table purchase_orders", "table purchase_order_items",
	} {
		if !slices.Contains(first, want) {
			t.Errorf("no %s after up", want)
		}
	}
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, objects(t, conn)); diff != "" {
		t.Errorf("down leaves something behind (-before +after):\n%s", diff)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, objects(t, conn)); diff != "" {
		t.Errorf("up after down is different (-first +second):\n%s", diff)
	}
}

// objects lists what there is in the schema public, except what belongs to
// goose.
func objects(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select object
		  from (select case relkind when 'r' then 'table ' when 'i' then 'index ' when 'S' then 'sequence ' else relkind::text || ' ' end || relname
		          from pg_class where relnamespace = 'public'::regnamespace
		         union all
		        select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace
		         union all
		        select 'type ' || typname from pg_type where typnamespace = 'public'::regnamespace
		         union all
		        select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid)
		          from pg_constraint where connamespace = 'public'::regnamespace
		         union all
		        select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal) o (object)
		 where object not like '%goose_db_version%'
		 order by object`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func provider(t *testing.T, dsn string) *goose.Provider {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := goose.NewProvider(goose.DialectPostgres, db, inventory.FS)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// migrated makes a database with the schema and answers its DSN.
func migrated(t *testing.T) string {
	t.Helper()
	dsn := pgtest.Database(t)
	if _, err := provider(t, dsn).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// refused checks that an error names a constraint.
func refused(t *testing.T, err error, constraint string) {
	t.Helper()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.ConstraintName != constraint {
		t.Errorf("error is %v, want a violation of %s", err, constraint)
	}
}

// stock makes a tenant with one product and the skus of these names, and
// answers the id of the tenant.
func stock(t *testing.T, conn *pgx.Conn, slug string, quantity int, skus ...string) string {
	t.Helper()
	tenant := pgtest.Query[string](t, conn, `insert into public.tenants (slug, name) values ($1, $1) returning id`, slug)
	pgtest.ExecWith(t, conn, `
		with supplier as (
		    insert into public.suppliers (tenant_id, name) values ($1, 'supplier') returning id
		)
		insert into public.products (tenant_id, supplier_id, name) select $1, id, 'product' from supplier`, tenant)
	pgtest.ExecWith(t, conn, `
		insert into public.skus (tenant_id, product_id, sku, name, quantity, price, cost)
		select $1, p.id, code, code, $3, 10, 5
		  from public.products p, unnest($2::text[]) as code
		 where p.tenant_id = $1`, tenant, skus, quantity)
	return tenant
}
