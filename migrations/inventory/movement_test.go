package inventory_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

const insertMovements = `
	insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity)
	select $1, s.id, 'adjustment', m.quantity
	  from unnest($2::text[], $3::integer[]) with ordinality as m (sku, quantity, n)
	  join public.skus s on s.tenant_id = $1 and s.sku = m.sku
	 order by m.n`

func TestMovementsAdjustQuantity(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	tenant := stock(t, conn, "acme", 10, "A", "B", "C")
	for _, step := range []struct {
		name     string
		skus     []string
		quantity []int32
		want     string
	}{
		{"one row", []string{"A"}, []int32{5}, "A 15, B 10, C 10"},
		{"several skus", []string{"C", "A"}, []int32{-3, 1}, "A 16, B 10, C 7"},
		{"one sku several times", []string{"B", "B", "A", "B"}, []int32{-9, 4, -16, -5}, "A 0, B 0, C 7"},
		{"rows that cancel out", []string{"C", "C"}, []int32{100, -100}, "A 0, B 0, C 7"},
		{"no row", nil, nil, "A 0, B 0, C 7"},
	} {
		pgtest.ExecWith(t, conn, insertMovements, tenant, step.skus, step.quantity)
		if got := quantities(t, conn); got != step.want {
			t.Errorf("after %s: %s; want %s", step.name, got, step.want)
		}
	}

	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), insertMovements, tenant, []string{"C"}, []int32{1}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := quantities(t, conn), "A 0, B 0, C 7"; got != want {
		t.Errorf("after a rollback: %s; want %s", got, want)
	}
}

func quantities(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	return pgtest.Query[string](t, conn, `select string_agg(sku || ' ' || quantity, ', ' order by sku) from public.skus`)
}

func TestNegativeStockIsRefused(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, migrated(t))
	tenant := stock(t, conn, "acme", 10, "A", "B")
	_, err := conn.Exec(t.Context(), insertMovements, tenant, []string{"A", "B"}, []int32{3, -11})
	refused(t, err, "skus_quantity_not_negative")
	if got, want := quantities(t, conn), "A 10, B 10"; got != want {
		t.Errorf("after the refusal: %s; want %s", got, want)
	}
	if n := pgtest.Query[int](t, conn, `select count(*) from public.stock_movements`); n != 0 {
		t.Errorf("%d refused movements are in the ledger", n)
	}
	const insert = `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity)
		select tenant_id, id, $1, $2 from public.skus where sku = 'A'`
	for _, m := range []struct {
		kind       string
		quantity   int
		constraint string
	}{
		{"sale", 1, "stock_movements_quantity_sign"},
		{"purchase", -1, "stock_movements_quantity_sign"},
		{"adjustment", 0, "stock_movements_quantity_not_zero"},
		{"theft", -1, "stock_movements_movement_type_known"},
	} {
		_, err := conn.Exec(t.Context(), insert, m.kind, m.quantity)
		refused(t, err, m.constraint)
	}
}

// The trigger must lock skus in the order of their ids, whatever the order of
// the movements: while somebody holds the sku in the middle, a writer that
// moves all of them has to have those before it and none of those after it.
func TestMovementsLockSkusInOrder(t *testing.T) {
	t.Parallel()
	dsn := migrated(t)
	holder, writer, watcher := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	tenant := stock(t, watcher, "acme", 10, "A", "B", "C", "D", "E", "F", "G")
	byID := strings.Fields(pgtest.Query[string](t, watcher, `select string_agg(sku, ' ' order by id) from public.skus`))

	for _, order := range [][]string{byID, reversed(byID)} {
		tx, err := holder.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `select from public.skus where sku = $1 for no key update`, byID[3]); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := writer.Exec(t.Context(), insertMovements, tenant, order, slices.Repeat([]int32{1}, len(order)))
			done <- err
		}()
		for !pgtest.Query[bool](t, watcher, `select $1 = any (pg_blocking_pids($2))`, int32(holder.PgConn().PID()), int32(writer.PgConn().PID())) {
			select {
			case err := <-done:
				t.Fatalf("moving %v did not wait for %s: %v", order, byID[3], err)
			default:
			}
		}
		free := pgtest.Query[string](t, watcher, `select coalesce(string_agg(sku, ' ' order by id), '')
			from (select id, sku from public.skus for no key update skip locked) s`)
		if want := strings.Join(byID[4:], " "); free != want {
			t.Errorf("moving %v, held up at %s: free skus are %s, want %s", order, byID[3], free, want)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func reversed(s []string) []string {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// Writers move the same skus in opposite orders, again and again: PostgreSQL
// would report a deadlock, and no movement may be lost.
func TestConcurrentMovementsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	const rounds = 100
	dsn := migrated(t)
	conn := pgtest.Connect(t, dsn)
	skus := strings.Split("A B C D E F G H I J K L", " ")
	tenant := stock(t, conn, "acme", 10_000, skus...)
	backwards := reversed(skus)
	quantity := slices.Repeat([]int32{1}, len(skus))

	g, ctx := errgroup.WithContext(t.Context())
	for _, order := range [][]string{skus, backwards, skus, backwards} {
		g.Go(func() error {
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
			for range rounds {
				if _, err := conn.Exec(ctx, insertMovements, tenant, order, quantity); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	const want = 10_000 + 4*rounds
	if got := pgtest.Query[int](t, conn, `select count(*) from public.skus where quantity = $1`, want); got != len(skus) {
		t.Errorf("%d of %d skus have quantity %d: %s", got, len(skus), want, quantities(t, conn))
	}
}
