package inventory

import (
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"

	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// seeded makes a database with the data of the demo and answers its DSN and a
// connection.
func seeded(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	dsn := pgtest.Database(t)
	pgtest.Inventory(t, dsn)
	conn := pgtest.Connect(t, dsn)
	if _, err := Seed(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return dsn, conn
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
