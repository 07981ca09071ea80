package triggers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// rotate closes the active segment, if it can.
func (d *database) rotate(t testing.TB, want bool) {
	t.Helper()
	if got := pgtest.Query[bool](t, d.Conn, `select rowcast.rotate('0', 0)`); got != want {
		t.Fatalf("rotated: %t; want %t", got, want)
	}
}

// A segment is closed only when it is due, holds something and nobody is
// writing to it, and then everything in it is sealed.
func TestRotate(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.rotate(t, false) // empty
	writer := d.Connect(t)
	pgtest.Exec(t, writer, `begin`, `insert into docs values (1, 'T', 'one')`)
	d.rotate(t, false) // not visible yet
	d.Exec(t, `insert into docs values (2, 'T', 'two')`)
	d.rotate(t, false) // busy
	pgtest.Exec(t, writer, `insert into docs values (3, 'T', 'three')`, `commit`, `begin`, `insert into docs values (4, 'T', 'four')`, `rollback`)
	if pgtest.Query[bool](t, d.Conn, `select rowcast.rotate('1 hour', 1 << 30)`) {
		t.Error("a segment was closed that is neither old nor large")
	}
	if !pgtest.Query[bool](t, d.Conn, `select rowcast.rotate('1 hour', 0)`) {
		t.Error("a large segment was not closed")
	}
	// Whoever has a plan for the old table writes to the new one.
	pgtest.Exec(t, writer, `insert into docs values (5, 'T', 'five')`)
	d.Exec(t, `insert into docs values (6, 'U', 'six')`)
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.sealed`); n != 3 {
		t.Errorf("%d changes of the closed segment are sealed; want 3", n)
	}
	d.wantSealed(t, "T 1 i", "T 2 i", "T 3 i", "T 4 i", "U 1 i")
	if got := pgtest.Query[string](t, d.Conn, `
		select string_agg(l.tableoid::regclass::text, ' ' order by s.place)
		  from rowcast.sealed s join rowcast.log l using (xid, id)`); got != "rowcast.log_0 rowcast.log_0 rowcast.log_0 rowcast.log_active rowcast.log_active" {
		t.Errorf("segments are %s", got)
	}
	d.rotate(t, true)
	d.Exec(t, `truncate docs`)
	d.rotate(t, true)
	d.wantSealed(t, "T 1 i", "T 2 i", "T 3 i", "T 4 i", "U 1 i", "T 5 t", "U 2 t")
	if n := pgtest.Query[int](t, d.Conn, `select rowcast.empty_segments()`); n != 0 {
		t.Errorf("%d segments were emptied, nothing is pruned", n)
	}
	// What is empty is opened again.
	for pgtest.Query[int](t, d.Conn, `select rowcast.prune('0', 1)`) > 0 {
	}
	pgtest.Exec(t, writer, `begin`, `insert into docs values (7, 'T', 'seven')`)      // writers are not in the way
	if n := pgtest.Query[int](t, d.Conn, `select rowcast.empty_segments()`); n != 2 { // the third holds the head
		t.Errorf("%d segments were emptied; want 2", n)
	}
	pgtest.Exec(t, writer, `commit`)
	d.rotate(t, true)
	d.Exec(t, `insert into docs values (8, 'T', 'eight')`)
	d.seal(t)
	if got := pgtest.Query[string](t, d.Conn, `
		select string_agg(format('%s %s', l.tableoid::regclass, l.after), ', ' order by s.place)
		  from rowcast.sealed s join rowcast.log l using (xid, id)
		 where s.place > (select last_place from rowcast.segment where segment = 3) - 1`); !strings.HasPrefix(got, "rowcast.log_3") ||
		!strings.Contains(got, "rowcast.log_active") || pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.segment`) != 4 {
		t.Errorf("the log has %s", got)
	}
}

// Two who rotate at once close one segment, and no change falls between two
// segments while writers go on.
func TestRotateUnderLoad(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	const writers, each = 4, 150
	rotated := func(conn *pgx.Conn) bool {
		return pgtest.Query[int](t, conn, `select count(*) from rowcast.segment`) > 2
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var rotators errgroup.Group
	for range 2 {
		conn := d.Connect(t)
		rotators.Go(func() error {
			for ctx.Err() == nil {
				if _, err := conn.Exec(t.Context(), `select rowcast.rotate('0', 0)`); err != nil && !lockTimeout(err) {
					return err
				}
			}
			return nil
		})
	}
	var writing errgroup.Group
	wrote := make([]int, writers)
	for w := range writers {
		conn := d.Connect(t)
		writing.Go(func() error {
			for n := 0; n < each || !rotated(conn); n++ {
				err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
					for i := range 2 {
						_, err := tx.Exec(t.Context(), `insert into docs values ($1, $2, 'x')`, 1_000_000*w+2*n+i, fmt.Sprint("T", w))
						if err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				wrote[w] += 2
			}
			return nil
		})
	}
	if err := writing.Wait(); err != nil {
		t.Error(err)
	}
	stop()
	if err := rotators.Wait(); err != nil {
		t.Error(err)
	}
	d.seal(t)
	var want []string
	for w, n := range wrote {
		want = append(want, fmt.Sprintf("T%d %d %d", w, n, n))
	}
	if got := pgtest.Query[string](t, d.Conn, `
		select string_agg(concat_ws(' ', tenant, n, position), ', ' order by tenant)
		  from (select s.tenant, count(*) as n, max(s.position) as position
		          from rowcast.sealed s join rowcast.log l on l.xid = s.xid and l.id = s.id
		         group by s.tenant) x`); got != strings.Join(want, ", ") {
		t.Errorf("tenants have %s, want %s", got, strings.Join(want, ", "))
	}
}
