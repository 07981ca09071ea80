package inventory_test

import (
	"testing"
	"time"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
)

// Each foreign key between two tables of tenants must carry tenant_id.
func TestForeignKeysStayInTenant(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	none(t, conn, `
		select conname::text
		  from pg_constraint c
		 where contype = 'f'
		   and connamespace = 'public'::regnamespace
		   and confrelid <> 'public.tenants'::regclass
		   and not exists (select
		                     from unnest(conkey, confkey) as k (own, other)
		                     join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.own
		                     join pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.other
		                    where a.attname = 'tenant_id' and b.attname = 'tenant_id')`,
		"foreign keys without tenant_id")
	none(t, conn, `
		select relname::text
		  from pg_class r
		 where relkind = 'r'
		   and relnamespace = 'public'::regnamespace
		   and relname not in ('tenants', 'goose_db_version')
		   and not exists (select
		                     from pg_attribute a
		                    where a.attrelid = r.oid and attname = 'tenant_id' and attnotnull
		                      and atttypid = 'uuid'::regtype)`,
		"tables without tenant_id uuid not null")
	if n := pgtest.Query[int](t, conn, `select count(*) from pg_constraint
		where contype = 'f' and connamespace = 'public'::regnamespace and cardinality(conkey) = 2`); n != 9 {
		t.Errorf("%d composite foreign keys, want 9", n)
	}
}

// Each foreign key and each tenant_id must be the beginning of an index.
func TestForeignKeysAndTenantsAreIndexed(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	none(t, conn, `
		select conname::text
		  from pg_constraint c
		 where contype = 'f'
		   and connamespace = 'public'::regnamespace
		   and not exists (select
		                     from pg_index i
		                    where i.indrelid = c.conrelid
		                      and i.indpred is null
		                      and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(c.conkey)] @> c.conkey)`,
		"foreign keys without an index")
}

func none(t *testing.T, conn *pgx.Conn, query, what string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Errorf("%s: %q", what, got)
	}
}

func TestRowCannotPointIntoAnotherTenant(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	own := stock(t, conn, "own", 10, "A")
	other := stock(t, conn, "other", 10, "B")
	for _, tenant := range []string{own, other} {
		pgtest.ExecWith(t, conn, `insert into public.users (tenant_id, name, email) values ($1, 'u', 'u@example.com')`, tenant)
		pgtest.ExecWith(t, conn, `insert into public.orders (tenant_id, customer) values ($1, 'c')`, tenant)
		pgtest.ExecWith(t, conn, `insert into public.purchase_orders (tenant_id, supplier_id)
			select tenant_id, id from public.suppliers where tenant_id = $1`, tenant)
	}
	// The statement works with rows of $1 only and fails when the row named
	// last belongs to $2.
	for constraint, statement := range map[string]string{
		"products_supplier_fkey": `insert into public.products (tenant_id, supplier_id, name)
			select $1, x.id, 'new' from public.suppliers x where x.tenant_id = $2`,
		"skus_product_fkey": `insert into public.skus (tenant_id, product_id, sku, name, price, cost)
			select $1, x.id, 'new', 'new', 1, 1 from public.products x where x.tenant_id = $2`,
		"stock_movements_sku_fkey": `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity)
			select $1, x.id, 'sale', -1 from public.skus x where x.tenant_id = $2`,
		"stock_movements_created_by_fkey": `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity, created_by)
			select $1, s.id, 'sale', -1, x.id from public.skus s, public.users x where s.tenant_id = $1 and x.tenant_id = $2`,
		"order_items_order_fkey": `insert into public.order_items (tenant_id, order_id, sku_id, quantity, unit_price)
			select $1, x.id, s.id, 1, 1 from public.skus s, public.orders x where s.tenant_id = $1 and x.tenant_id = $2`,
		"order_items_sku_fkey": `insert into public.order_items (tenant_id, order_id, sku_id, quantity, unit_price)
			select $1, o.id, x.id, 1, 1 from public.orders o, public.skus x where o.tenant_id = $1 and x.tenant_id = $2`,
		"purchase_orders_supplier_fkey": `insert into public.purchase_orders (tenant_id, supplier_id)
			select $1, x.id from public.suppliers x where x.tenant_id = $2`,
		"purchase_order_items_purchase_order_fkey": `insert into public.purchase_order_items (tenant_id, purchase_order_id, sku_id, quantity, unit_cost)
			select $1, x.id, s.id, 1, 1 from public.skus s, public.purchase_orders x where s.tenant_id = $1 and x.tenant_id = $2`,
		"purchase_order_items_sku_fkey": `insert into public.purchase_order_items (tenant_id, purchase_order_id, sku_id, quantity, unit_cost)
			select $1, o.id, x.id, 1, 1 from public.purchase_orders o, public.skus x where o.tenant_id = $1 and x.tenant_id = $2`,
	} {
		_, err := conn.Exec(t.Context(), statement, own, other)
		refused(t, err, constraint)
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), statement, own, own); err != nil {
			t.Errorf("%s: refused within one tenant: %v", constraint, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := pgtest.Query[int](t, conn, `select quantity from public.skus where tenant_id = $1 and sku = 'B'`, other); n != 10 {
		t.Errorf("the sku of the other tenant has quantity %d, want 10", n)
	}
}

func TestUpdatedAtFollowsRealChanges(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	tenant := stock(t, conn, "acme", 10, "A")
	const updatedAt = `select updated_at from public.skus where tenant_id = $1`
	created := pgtest.Query[time.Time](t, conn, updatedAt, tenant)
	pgtest.ExecWith(t, conn, `update public.skus set price = price where tenant_id = $1`, tenant)
	if got := pgtest.Query[time.Time](t, conn, updatedAt, tenant); !got.Equal(created) {
		t.Errorf("an update without effect moved updated_at from %v to %v", created, got)
	}
	pgtest.ExecWith(t, conn, `update public.skus set price = price + 1 where tenant_id = $1`, tenant)
	if got := pgtest.Query[time.Time](t, conn, updatedAt, tenant); !got.After(created) {
		t.Errorf("an update left updated_at at %v", got)
	}
	none(t, conn, `
		select relname::text
		  from pg_class r
		 where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'goose_db_version'
		   and not exists (select from pg_trigger
		                    where tgrelid = r.oid and tgfoid = 'public.touch_updated_at()'::regprocedure)`,
		"tables whose updated_at stands still")
}

func TestNumbersComeByThemselves(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	tenant := stock(t, conn, "acme", 10, "A")
	pgtest.ExecWith(t, conn, `insert into public.orders (tenant_id, customer) values ($1, 'a'), ($1, 'b')`, tenant)
	if got := pgtest.Query[string](t, conn, `select string_agg(order_number, ' ' order by order_number) from public.orders`); got != "SO-2001 SO-2002" {
		t.Errorf("order numbers are %q", got)
	}
	_, err := conn.Exec(t.Context(), `insert into public.orders (tenant_id, customer, order_number) values ($1, 'c', 'SO-2001')`, tenant)
	refused(t, err, "orders_tenant_id_order_number_key")
	_, err = conn.Exec(t.Context(), `update public.orders set status = 'lost'`)
	refused(t, err, "orders_status_known")
	_, err = conn.Exec(t.Context(), `insert into public.purchase_orders (tenant_id, supplier_id, status)
		select tenant_id, id, 'lost' from public.suppliers`)
	refused(t, err, "purchase_orders_status_known")
}
