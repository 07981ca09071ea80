package changelog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// cursorAt is the cursor of a client that has received c.
func cursorAt(c feed.Change) feed.Cursor {
	return feed.Head{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}.Cursor()
}

// sealedDatabase holds 2 changes of tenant U, then n of tenant T, each with a
// seal of its own.
func sealedDatabase(t *testing.T, n int) (*database, []feed.Change) {
	t.Helper()
	d := newDatabase(t)
	writer := pgtest.ConnectAs(t, d.DSN, "writer")
	pgtest.Exec(t, writer, "insert into docs values (-1, 'U')", "select rowcast.seal()", "insert into docs values (-2, 'U')", "select rowcast.seal()")
	for i := range n {
		pgtest.Exec(t, writer, fmt.Sprintf("insert into docs values (%d, 'T')", i+1), "select rowcast.seal()")
		if i%60 == 59 {
			pgtest.Exec(t, writer, "select rowcast.rotate('0', 0)")
		}
	}
	history := changelog.NewHistory(d.pool, 0)
	head, err := history.Head(t.Context(), "T", 1<<62)
	if err != nil || head.Position != int64(n) {
		t.Fatalf("head is %+v, %v; want position %d", head, err, n)
	}
	page, err := history.After(t.Context(), "T", feed.Cursor{Epoch: head.Epoch}, n+1)
	if err != nil || len(page.Changes) != n || page.More {
		t.Fatalf("history has %d changes, more: %t, %v; want %d", len(page.Changes), page.More, err, n)
	}
	return d, page.Changes
}

func TestHistoryRefusesForeignCursors(t *testing.T) {
	t.Parallel()
	d, changes := sealedDatabase(t, 8)
	history := changelog.NewHistory(d.pool, 0)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	// All of U and half of T: seals 1 to 6.
	pgtest.Exec(t, admin, "update rowcast.seal set sealed_at = sealed_at - interval '1 hour' where seal <= 6", "select rowcast.prune('1 hour')")
	if floor := pgtest.Query[int64](t, admin, "select t.floor from rowcast.tenant t where t.tenant = 'T'"); floor != 4 {
		t.Fatalf("the floor is %d; want 4", floor)
	}
	other, err := history.Head(t.Context(), "U", 1<<62)
	if err != nil || other.Position != 2 {
		t.Fatalf("head of U is %+v, %v; want position 2", other, err)
	}
	at := func(position int, change func(c *feed.Cursor)) feed.Cursor {
		c := cursorAt(changes[position-1])
		if change != nil {
			change(&c)
		}
		return c
	}
	inside := func(position int) feed.Cursor {
		c := at(position+1, nil)
		c.Position, c.Delivered = c.Position-1, 1
		return c
	}
	for _, test := range []struct {
		name   string
		tenant string
		cursor feed.Cursor
		want   error
		next   int64 // position of the first change, 0 if there is none
	}{
		{"in the middle", "T", at(6, nil), nil, 7},
		{"at the head", "T", at(8, nil), nil, 0},
		{"at the floor", "T", at(4, nil), nil, 5},
		{"below the floor", "T", at(3, nil), feed.ErrExpired, 0},
		{"at the floor with a wrong nonce", "T", at(4, func(c *feed.Cursor) { c.Nonce++ }), feed.ErrDiverged, 0},
		{"the nonce of the change before", "T", at(6, func(c *feed.Cursor) { c.Nonce = changes[4].Nonce }), feed.ErrDiverged, 0},
		{"another feed", "T", at(6, func(c *feed.Cursor) { c.Epoch = "0123456789ab" }), feed.ErrDiverged, 0},
		{"another feed, below the floor", "T", at(3, func(c *feed.Cursor) { c.Epoch = "0123456789ab" }), feed.ErrDiverged, 0},
		{"ahead of the head", "T", at(8, func(c *feed.Cursor) { c.Position = 9 }), feed.ErrDiverged, 0},
		{"far ahead of the head", "T", at(8, func(c *feed.Cursor) { c.Position = 1<<63 - 2 }), feed.ErrDiverged, 0},
		{"farthest ahead, inside a change", "T", at(8, func(c *feed.Cursor) { c.Position, c.Delivered = 1<<63-1, 1 }), feed.ErrDiverged, 0},
		{"inside a change", "T", inside(6), nil, 7},
		{"inside the first change after the floor", "T", inside(4), nil, 5},
		{"inside the change at the floor", "T", inside(3), feed.ErrExpired, 0},
		{"inside a change that does not exist", "T", at(8, func(c *feed.Cursor) { c.Delivered = 1 }), feed.ErrDiverged, 0},
		{"inside a change, with the nonce of the one before", "T", at(6, func(c *feed.Cursor) { c.Delivered = 1 }), feed.ErrDiverged, 0},
		{"the beginning, pruned", "T", feed.Cursor{Epoch: changes[0].Epoch}, feed.ErrExpired, 0},
		{"the beginning of a tenant that has come to nothing", "new", feed.Cursor{Epoch: changes[0].Epoch}, nil, 0},
		{"the cursor of another tenant", "U", at(6, nil), feed.ErrDiverged, 0},
		{"the cursor of another tenant, at the same position", "U", at(2, nil), feed.ErrDiverged, 0},
		{"a tenant that nobody knows", "nobody", at(6, nil), feed.ErrDiverged, 0},
		{"a tenant that is all pruned", "U", other.Cursor(), nil, 0},
	} {
		page, err := history.After(t.Context(), test.tenant, test.cursor, 10)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %s answers %v; want %v", test.name, test.cursor, err, test.want)
			continue
		}
		next := int64(0)
		if len(page.Changes) > 0 {
			next = page.Changes[0].Position
		}
		if next != test.next {
			t.Errorf("%s: %s goes on at %d; want %d", test.name, test.cursor, next, test.next)
		}
	}
}

// While a history is pruned, clients resume all over it. Each gets what follows
// its cursor, or is told that it is too late.
func TestPruneMovesTheFloor(t *testing.T) {
	t.Parallel()
	const n, limit = 250, 40
	d, changes := sealedDatabase(t, n)
	history := changelog.NewHistory(d.pool, 0)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	done := make(chan struct{})
	var (
		readers         sync.WaitGroup
		served, expired [4]int
	)
	for i := range 4 {
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				c := changes[rng.IntN(n-1)]
				page, err := history.After(t.Context(), "T", cursorAt(c), limit)
				switch {
				case errors.Is(err, feed.ErrExpired):
					expired[i]++
					continue
				case err != nil:
					t.Errorf("resume after %d: %v", c.Position, err)
					return
				case len(page.Changes) != int(min(limit, n-c.Position)):
					t.Errorf("%d changes after %d", len(page.Changes), c.Position)
				}
				served[i]++
				for j, next := range page.Changes {
					if next.Position != c.Position+int64(j)+1 {
						t.Errorf("change %d after %d is at %d", j+1, c.Position, next.Position)
						return
					}
				}
			}
		})
	}
	emptied := 0
	for pgtest.Query[int64](t, admin, "select rowcast.prune('0', 5)") > 0 {
		emptied += pgtest.Query[int](t, admin, "select rowcast.empty_segments()")
		floor := pgtest.Query[int64](t, admin, "select t.floor from rowcast.tenant t where t.tenant = 'T'")
		if floor == 0 {
			continue // U goes first
		}
		if _, err := history.After(t.Context(), "T", cursorAt(changes[floor-1]), 1); err != nil {
			t.Errorf("resume at the floor %d: %v", floor, err)
		}
		if floor > 1 {
			if _, err := history.After(t.Context(), "T", cursorAt(changes[floor-2]), 1); !errors.Is(err, feed.ErrExpired) {
				t.Errorf("resume below the floor %d: %v; want %v", floor, err, feed.ErrExpired)
			}
		}
	}
	close(done)
	readers.Wait()
	t.Logf("served %v, expired %v", served, expired)
	floor := pgtest.Query[int64](t, admin, "select t.floor from rowcast.tenant t where t.tenant = 'T'")
	left := pgtest.Query[int64](t, admin, "select count(*) from rowcast.sealed")
	if floor != n-1 || left != 1 {
		t.Errorf("the floor is %d and %d changes are left; want %d and 1: the head stays", floor, left, n-1)
	}
	if emptied < 3 {
		t.Errorf("%d segments were emptied while clients read; want 3 at least", emptied)
	}
	pgtest.Exec(t, admin, "insert into docs values (0, 'T')", "select rowcast.seal()")
	if page, err := history.After(t.Context(), "T", cursorAt(changes[n-1]), 9); err != nil || len(page.Changes) != 1 || page.Changes[0].Position != n+1 {
		t.Errorf("after the head: %+v, %v; want one change at %d", page, err, n+1)
	}
}

// The leader prunes by the age of the seal, not of the transaction: one that
// was open for longer than the retention is delivered in full.
func TestRetention(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	l := d.tail(t, func(o *changelog.Options) { o.Retention = 200 * time.Millisecond })
	straggler, writer := pgtest.ConnectAs(t, d.DSN, "straggler"), pgtest.ConnectAs(t, d.DSN, "writer")
	pgtest.Exec(t, straggler, "begin", "insert into docs values (0, 'T')")
	for i := 1; i <= 3; i++ {
		pgtest.Exec(t, writer, fmt.Sprintf("insert into docs values (%d, 'T')", i))
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == i })
	}
	eventually(t, "floor", func() bool {
		return pgtest.Query[int64](t, writer, "select t.floor from rowcast.tenant t where t.tenant = 'T'") == 2
	})
	pgtest.Exec(t, straggler, "commit")
	l.wait(t, "late change", func(r *recorder) bool { return len(r.changes) == 4 && r.changes[3].Position == 4 })
}

// A history that is read across a new installation goes by the tables of the
// feed it reads, whose numbers begin anew.
func TestHistoryFollowsANewFeed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	history := changelog.NewHistory(d.pool, 0)
	pgtest.Exec(t, admin, "create table other (id int primary key, tenant_id text)")
	first := func(table string) feed.Change {
		t.Helper()
		pgtest.Exec(t, admin, "insert into "+table+" values (1, 'T')", "select rowcast.seal()")
		head, err := history.Head(t.Context(), "T", 1)
		if err != nil {
			t.Fatal(err)
		}
		page, err := history.After(t.Context(), "T", feed.Cursor{Epoch: head.Epoch}, 1)
		if err != nil || len(page.Changes) != 1 {
			t.Fatalf("history of %s: %+v, %v", table, page, err)
		}
		return page.Changes[0]
	}
	if c := first("docs"); c.Table != "docs" {
		t.Errorf("the table is %s", c.Table)
	}
	migrator := postgres.Migrator{URL: d.DSN, Log: logger(t)}
	if _, err := migrator.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, admin, "select rowcast.watch('other')")
	if c := first("other"); c.Table != "other" || c.Name != "other" {
		t.Errorf("the table is %s, the name %s", c.Table, c.Name)
	}
}
