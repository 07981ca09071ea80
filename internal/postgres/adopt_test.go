package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// tables are the steps that concern tables.
func tables(steps []postgres.Step) []string {
	var lines []string
	for _, s := range steps {
		if name, ok := strings.CutPrefix(s.What, "table "); ok {
			lines = append(lines, name+": "+s.Did)
		}
	}
	return lines
}

// A database with tables of its own: they are watched if they can be, whatever
// the type of their tenant, and the others are named with the reason.
func TestAdoptsExistingTables(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn,
		`create table stock_movements (id int primary key, tenant_id uuid)`,
		`create table orders (id int primary key, tenant_id integer)`,
		`create table purchase_orders (id int primary key, tenant_id text)`,
		`create table skus (id int, tenant_id text)`)
	want := []string{
		"stock_movements: watched", "orders: watched", "purchase_orders: watched",
		"skus: skipped: public.skus has no primary key. Clients could not tell its rows apart. Add one: alter table public.skus add primary key (...).",
	}
	if diff := cmp.Diff(want, tables(up(t, m))); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
	pgtest.Exec(t, conn,
		`insert into stock_movements values (1, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')`, `insert into orders values (1, 42)`,
		`insert into purchase_orders values (1, 'T')`, `insert into skus values (1, 'T')`)
	if diff := cmp.Diff([]string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "42", "T"}, pgtest.Column[string](t, conn, `select tenant from rowcast.log order by id`)); diff != "" {
		t.Errorf("tenants differ (-want +got):\n%s", diff)
	}
	// Once it can be watched, it is.
	pgtest.Exec(t, conn, `alter table skus add primary key (id)`)
	if diff := cmp.Diff("skus: watched", tables(up(t, m))[3]); diff != "" {
		t.Error(diff)
	}
}

func TestSkipsWhatCannotBeWatched(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn,
		`create table stock_movements (id int primary key)`,
		`create view orders as select 1 as id, 'T' as tenant_id`,
		`create table purchase_orders (id int primary key, tenant_id jsonb)`)
	want := []string{
		"stock_movements: skipped: public.stock_movements has no column tenant_id. Name the column that holds the tenant: --tenant-column.",
		"orders: skipped: public.orders is not a table. Only ordinary and partitioned tables can be watched.",
		"purchase_orders: skipped: column tenant_id of public.purchase_orders has type jsonb. A tenant is a uuid, text, varchar, smallint, integer or bigint.",
		"skus: no such table",
	}
	if diff := cmp.Diff(want, tables(up(t, m))); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
}

// A table that was dropped and made anew is watched anew, and triggers that
// were lost come back.
func TestMigrateRepairs(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn, `create table orders (id int primary key, tenant_id text)`, `create table own (id int primary key, tenant_id text)`)
	up(t, m)
	pgtest.Exec(t, conn, `select rowcast.watch('own')`, `drop table orders`, `create table orders (id int primary key, tenant_id int)`,
		`drop trigger rowcast_insert on own`, `create table broken (id int primary key, tenant_id text)`, `select rowcast.watch('broken')`,
		`alter table broken drop column tenant_id`, `create table last (id int primary key, tenant_id text)`, `select rowcast.watch('last')`,
		`alter table last disable trigger rowcast_update`)
	steps, err := m.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "repair the triggers of broken: ") || !strings.Contains(err.Error(), "the tenant column tenant_id of public.broken is gone") {
		t.Errorf("migrating with a broken table: %v", err)
	}
	want := []string{
		"public.orders: watched in place of the table that had the name and was dropped",
		"stock_movements: no such table", "orders: already watched", "purchase_orders: no such table", "skus: no such table",
		"own: repaired: 1 triggers", "last: repaired: 1 triggers",
	}
	if diff := cmp.Diff(want, tables(steps)); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, pgtest.Database(t))
	for _, statement := range []string{`select rowcast.seal()`, `select * from rowcast.log`, `insert into rowcast.tenant values ('T')`} {
		_, err := conn.Exec(t.Context(), statement)
		if explained := postgres.Explain(err); !errors.Is(explained, postgres.ErrNotMigrated) {
			t.Errorf("%s: %v", statement, explained)
		}
	}
	_, err := conn.Exec(t.Context(), `select * from nosuch`)
	if explained := postgres.Explain(err); err == nil || errors.Is(explained, postgres.ErrNotMigrated) || !errors.Is(explained, err) {
		t.Errorf("a table that is not ours: %v", explained)
	}
	_, err = conn.Exec(t.Context(), `do $$ begin raise exception 'no' using hint = 'Do this.'; end $$`)
	if explained := postgres.Explain(err); explained == nil || !strings.HasSuffix(explained.Error(), ". Do this.") {
		t.Errorf("the hint is lost: %v", explained)
	}
	if postgres.Explain(nil) != nil {
		t.Error("no error was explained")
	}
}

func TestConnectSettings(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	pool, err := postgres.Open(t.Context(), dsn, "the name", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const settings = `select concat_ws(' ', current_setting('application_name'), current_setting('jit'), current_setting('plan_cache_mode'),
		current_setting('default_transaction_isolation'), current_setting('statement_timeout'))`
	const want = "the name off force_generic_plan read committed 0"
	var got string
	if err := pool.QueryRow(t.Context(), settings).Scan(&got); err != nil || got != want {
		t.Errorf("a connection of the pool has %q, %v; want %q", got, err, want)
	}
	if pool.Config().MaxConns != 3 {
		t.Errorf("the pool takes %d connections", pool.Config().MaxConns)
	}
	for _, url := range []string{"postgres://host:port/db", "no such thing"} {
		if _, err := postgres.Connect(t.Context(), url, "x"); err == nil || !strings.Contains(err.Error(), "parse the database URL") {
			t.Errorf("%q: %v", url, err)
		}
		if _, err := postgres.Open(t.Context(), url, "x", 1); err == nil || !strings.Contains(err.Error(), "parse the database URL") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
