package changelog_test

import (
	"context"
	osexec "os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/feed"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// ownDatabase is a database on a server of the test's own.
func ownDatabase(t *testing.T, o devpg.Options) (*devpg.Server, *database) {
	t.Helper()
	pg := pgtest.Own(t, o)
	return pg, migrated(t, pg.DSN("postgres"))
}

// The server is killed under load. What was acknowledged arrives, and so does
// what was committed without an answer, once; what the crash undid never does,
// even of writers that do not wait for the disk.
func TestTailSurvivesRestart(t *testing.T) {
	t.Parallel()
	for _, commits := range []string{"on", "off"} {
		t.Run("synchronous_commit="+commits, func(t *testing.T) {
			t.Parallel()
			pg, d := ownDatabase(t, devpg.Options{NoTCP: true, Settings: map[string]string{
				"synchronous_commit": commits, "wal_writer_delay": "10s",
			}})
			l := d.tail(t)
			for round := range 2 {
				acknowledged := d.crashUnderLoad(t, pg, l, round)
				admin := pgtest.ConnectAs(t, d.DSN, "admin")
				rows, err := admin.Query(t.Context(), "select d.id from docs d order by d.id")
				if err != nil {
					t.Fatal(err)
				}
				kept, err := pgx.CollectRows(rows, pgx.RowTo[int])
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range acknowledged {
					if _, found := slices.BinarySearch(kept, id); !found && commits == "on" {
						t.Errorf("row %d was acknowledged and is gone", id)
					}
				}
				l.wait(t, "every row", func(r *recorder) bool { return len(r.changes) >= len(kept) })
				var keys []string
				for _, id := range kept {
					keys = append(keys, madeKey(id, 0))
				}
				for _, f := range slices.Concat(checkCommitted(l.snapshot(), keys), checkPositions(l.snapshot())) {
					t.Errorf("round %d: %s: %s", round, f.kind, f.what)
				}
				t.Logf("round %d: %d acknowledged, %d kept", round, len(acknowledged), len(kept))
			}
			if len(l.resets) > 0 {
				t.Errorf("the tail was reset: %v", l.resets)
			}
		})
	}
}

// A change that was published survives a crash that comes at once, even if its
// writer did not wait for the disk: the seal did.
func TestPublishedIsDurable(t *testing.T) {
	t.Parallel()
	pg, d := ownDatabase(t, devpg.Options{NoTCP: true, Settings: map[string]string{
		"synchronous_commit": "off", "wal_writer_delay": "10s", "autovacuum": "off",
	}})
	l := d.tail(t)
	for round := 1; round <= 3; round++ {
		pgtest.Exec(t, pgtest.ConnectAs(t, d.DSN, "writer"), "insert into docs values ("+strconv.Itoa(round)+", 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == round })
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := pg.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := pgtest.Query[int](t, pgtest.ConnectAs(t, d.DSN, "admin"), "select count(*) from docs"); n != round {
			t.Errorf("round %d: %d rows are left", round, n)
		}
		l.wait(t, "live tail", func(r *recorder) bool { return r.live })
		if len(l.resets) > 0 {
			t.Fatalf("round %d: the tail was reset: %v", round, l.resets)
		}
	}
}

// crashUnderLoad kills the server while writers insert rows, starts it again,
// and returns the rows that were acknowledged.
func (d *database) crashUnderLoad(t *testing.T, pg *devpg.Server, l *tail, round int) (acknowledged []int) {
	t.Helper()
	var (
		mu      sync.Mutex
		writers sync.WaitGroup
	)
	seen := len(l.snapshot())
	for w := range 4 {
		conn, err := postgres.Connect(t.Context(), d.DSN, "writer")
		if err != nil {
			t.Fatal(err)
		}
		writers.Go(func() {
			defer func() { _ = conn.Close(context.Background()) }()
			for n := 0; ; n++ {
				id := round*1_000_000 + w*100_000 + n
				if _, err := conn.Exec(t.Context(), "insert into docs values ($1, $2)", id, "T"+strconv.Itoa(w)); err != nil {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				mu.Unlock()
			}
		})
	}
	l.wait(t, "load", func(r *recorder) bool { return len(r.changes) >= seen+200 })
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	return acknowledged
}

// The history that was published is not the one that the database has now.
func TestRewrittenHistoryIsReported(t *testing.T) {
	t.Parallel()
	t.Run("restored copy", func(t *testing.T) {
		t.Parallel()
		dir, backup := pgtest.Dir(t), pgtest.Dir(t)
		pg, d := ownDatabase(t, devpg.Options{Dir: dir, NoTCP: true, Settings: map[string]string{"fsync": "off"}})
		pgtest.Exec(t, pgtest.ConnectAs(t, d.DSN, "writer"), "insert into docs values (1, 'T')", "select rowcast.seal()")
		restart := func(from, to string) {
			t.Helper()
			if err := pg.Stop(); err != nil {
				t.Fatal(err)
			}
			if out, err := execCommand(t, "rm", "-rf", to+"/data"); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if out, err := execCommand(t, "cp", "-a", from+"/data", to+"/data"); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if err := pg.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		restart(dir, backup)
		l := d.tail(t)
		pgtest.Exec(t, pgtest.ConnectAs(t, d.DSN, "writer"), "insert into docs values (2, 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
		restart(backup, dir)
		d.rewritten(t, l)
	})
	t.Run("sealed anew", func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t)
		s := newDialer(d, "a")
		l := d.tail(t, s.options)
		admin := pgtest.ConnectAs(t, d.DSN, "admin")
		pgtest.Exec(t, admin, "insert into docs values (1, 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
		s.block()
		s.kill(t, admin, tailBackend, 1)
		pgtest.Exec(t, admin, "delete from rowcast.sealed", "delete from rowcast.seal where seal > 0", "select rowcast.seal()")
		s.unblock()
		d.rewritten(t, l)
	})
	t.Run("head went back under a connected tail", func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t)
		l := d.tail(t)
		admin := pgtest.ConnectAs(t, d.DSN, "admin")
		pgtest.Exec(t, admin, "insert into docs values (1, 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
		pgtest.Exec(t, admin, `begin; delete from rowcast.log; delete from rowcast.sealed; delete from rowcast.seal where seal > 0; commit`)
		d.rewritten(t, l)
	})
	t.Run("another feed", func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t)
		s := newDialer(d, "a")
		l := d.tail(t, s.options)
		admin := pgtest.ConnectAs(t, d.DSN, "admin")
		pgtest.Exec(t, admin, "insert into docs values (1, 'T')")
		l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
		pgtest.Exec(t, admin, "update rowcast.feed set id = 'another'")
		s.kill(t, admin, tailBackend, 1)
		d.rewritten(t, l)
	})
}

// rewritten waits until the tail has said so and is live again, on the new
// history; the old cursor is refused.
func (d *database) rewritten(t *testing.T, l *tail) {
	t.Helper()
	old := l.snapshot()[0]
	l.wait(t, "reset", func(r *recorder) bool { return len(r.resets) == 1 && r.live })
	if l.resets[0] != feed.ErrDiverged { //nolint:errorlint // the reason itself is promised
		t.Errorf("reset because of %v; want %v", l.resets[0], feed.ErrDiverged)
	}
	pgtest.Exec(t, pgtest.ConnectAs(t, d.DSN, "writer"), "insert into docs values (3, 'T')")
	l.wait(t, "change after the reset", func(r *recorder) bool { return len(r.changes) == 2 })
	if c := l.snapshot()[1]; parseDoc(c.After).ID != 3 {
		t.Errorf("after the reset comes %s", brief(c))
	}
	history := changelog.NewHistory(d.pool, 0)
	var err error
	eventually(t, "answer of the history", func() bool { // its connections may have died with the server
		_, err = history.After(t.Context(), "T", cursorAt(old), 10)
		return err == nil || err == feed.ErrDiverged //nolint:errorlint // anything else is the connection
	})
	if err == nil {
		t.Error("history goes on from the old cursor " + cursorAt(old).String())
	}
}

// TestRestoredNumbersOfTables gives the number of a watched table to another
// one, as a restored database may whose head is where it was, because nothing
// was changed after the copy but what is watched.
func TestRestoredNumbersOfTables(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := newDialer(d, "a")
	l := d.tail(t, s.options)
	history := changelog.NewHistory(d.pool, 0)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pgtest.Exec(t, admin, "create table later (id int primary key, tenant_id text)", "select rowcast.watch('later')", "insert into docs values (1, 'T')")
	l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
	start := feed.Cursor{Epoch: l.snapshot()[0].Epoch}
	if page, err := history.After(t.Context(), "T", start, 10); err != nil || len(page.Changes) != 1 {
		t.Fatalf("the history is %+v, %v", page, err)
	}
	s.block()
	s.kill(t, admin, tailBackend, 1)
	pgtest.Exec(t, admin, "update rowcast.watched set name = 'restored', table_name = 'other' where name = 'later'")
	s.unblock()
	pgtest.Exec(t, admin, "insert into later values (1, 'T')")
	l.wait(t, "change of the other table", func(r *recorder) bool { return len(r.changes) == 2 })
	if c := l.snapshot()[1]; c.Name != "restored" || c.Table != "other" {
		t.Errorf("the tail names the table %s, %s", c.Table, c.Name)
	}
	page, err := history.After(t.Context(), "T", start, 10)
	if err != nil || len(page.Changes) != 2 {
		t.Fatalf("the history is %+v, %v", page, err)
	}
	if c := page.Changes[1]; c.Name != "restored" || c.Table != "other" {
		t.Errorf("the history names the table %s, %s", c.Table, c.Name)
	}
}

func execCommand(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	out, err := osexec.CommandContext(t.Context(), name, args...).CombinedOutput()
	return string(out), err
}
