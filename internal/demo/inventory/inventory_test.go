package inventory

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"rowcast/internal/test/pgtest"
	migrations "rowcast/migrations/inventory"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrate makes the schema in the database at dsn.
func migrate(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// seeded makes a database with the data of the demo and answers its DSN and a
// connection.
func seeded(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	dsn := pgtest.Database(t)
	migrate(t, dsn)
	conn := connect(t, dsn)
	if _, err := Seed(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return dsn, conn
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// scan runs a query for one value.
func scan[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// addsUp checks that what the tables say about each other agrees.
func addsUp(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for what, query := range map[string]string{
		"sku whose movements do not add up to its quantity": `
			select s.sku from public.skus s left join public.stock_movements m on m.sku_id = s.id
			 group by s.id having s.quantity <> coalesce(sum(m.quantity), 0)`,
		"order whose items do not add up to its total": `
			select o.order_number from public.orders o left join public.order_items i on i.order_id = o.id
			 group by o.id having o.total is distinct from sum(i.quantity * i.unit_price)`,
		"purchase order whose items do not add up to its total": `
			select o.po_number from public.purchase_orders o left join public.purchase_order_items i on i.purchase_order_id = o.id
			 group by o.id having o.total is distinct from sum(i.quantity * i.unit_cost)`,
		"order whose movements do not match its items and status": `
			select o.order_number
			  from public.orders o
			  join public.order_items i on i.order_id = o.id
			  left join public.stock_movements m on m.tenant_id = o.tenant_id and m.reference = o.order_number and m.sku_id = i.sku_id
			 group by o.id, i.id
			having coalesce(sum(m.quantity), 0) <> case o.status when 'fulfilled' then -i.quantity else 0 end`,
		"purchase order whose movements do not match its items and status": `
			select o.po_number
			  from public.purchase_orders o
			  join public.purchase_order_items i on i.purchase_order_id = o.id
			  left join public.stock_movements m on m.tenant_id = o.tenant_id and m.reference = o.po_number and m.sku_id = i.sku_id
			 group by o.id, i.id
			having coalesce(sum(m.quantity), 0) <> case o.status when 'received' then i.quantity else 0 end`,
		"movement without a person": `select reason from public.stock_movements where created_by is null`,
	} {
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
	}
}
