package changelog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

// deep is nested deeper than encoding/json reads, in a statement of PostgreSQL.
const deep = `('{"a":' || repeat('[', 12000) || '"語"' || repeat(']', 12000) || '}')::json`

// TestUnreadableLog: whatever the log holds, the tail and the history tell each
// position once, what cannot be read without its row, and other tenants get all.
func TestUnreadableLog(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pgtest.Exec(t, admin, "create cast (bytea as json) without function",
		"create table deep (id int primary key, tenant_id text, doc json)", "select rowcast.watch('deep', name => 'deep')",
		"alter table rowcast.log alter column after set storage external, alter column before set storage external")
	reported, gate := map[int64]feed.Reason{}, make(chan struct{})
	l := d.tail(t, func(o *changelog.Options) {
		publish := o.Publish
		o.Publish = func(changes []feed.Change, sequence int64) {
			publish(changes, sequence)
			if len(changes) > 0 && strings.Contains(string(changes[len(changes)-1].After), "wait here") {
				<-gate
			}
		}
		o.Unreadable = func(c *feed.Change) { reported[c.Position] = c.Unreadable.Reason }
	})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	var want []feed.Reason
	id := 0
	statement := func(reason feed.Reason, damage string) {
		t.Helper()
		id++
		pgtest.Exec(t, admin, "begin", fmt.Sprintf("insert into docs values (%d, 'T', 'row %[1]d')", id),
			"update rowcast.log_active set "+damage+" where xid = pg_current_xact_id()",
			fmt.Sprintf("insert into docs values (%d, 'U', 'another tenant')", -id), "commit")
		want = append(want, reason)
	}
	statement("", "writer = 'somebody'")
	for _, bytes := range []string{``, `\x7b`, `\x7b7d7d`, `\x5b5d`, `\x6e756c6c`, `\x7b2261223aff7d`} {
		statement(feed.Decoding, "after = array['"+bytes+"'::bytea::json]")
	}
	statement("", `after = array['\x7b2261223a22ff227d'::bytea::json]`) // with U+FFFD
	statement(feed.Decoding, "after = array[null::json]")
	statement(feed.Decoding, "after = array[]::json[]")
	statement(feed.Decoding, "after = null")
	statement(feed.Decoding, "after = array[array['{}'::json], array['{}'::json]]")
	statement(feed.Decoding, "watched = 12345")
	statement(feed.Size, fmt.Sprintf(`after = array[('{"a":"' || repeat('x', %d) || '"}')::json]`, feed.MaxRows))
	statement("", fmt.Sprintf(`after = array[('{"a":"' || repeat('x', %d) || '"}')::json]`, 3<<20))
	statement("", "after = array["+deep+"]")
	pgtest.Exec(t, admin, "insert into deep values (1, 'T', "+deep+")")
	// One damaged row among others of its statement, and one old row.
	pgtest.Exec(t, admin, "begin", "insert into docs select n, 'T', 'several ' || n from generate_series(1001, 1005) n",
		`update rowcast.log_active set after[3] = '\xff'::bytea::json where xid = pg_current_xact_id()`, "commit",
		"begin", "update docs set version = 1 where id = 1001",
		`update rowcast.log_active set before = array['\x5b'::bytea::json] where xid = pg_current_xact_id()`, "commit")
	want = append(want, "", "", "", feed.Decoding, "", "", feed.Decoding)
	// A log row that is gone when the tail comes to it.
	pgtest.Exec(t, admin, "insert into docs values (2000, 'T', 'wait here')")
	want = append(want, "")
	l.wait(t, "pause", func(r *recorder) bool { return len(of(r.changes, "T")) == len(want) })
	pgtest.Exec(t, admin, "insert into docs values (2001, 'T', 'lost')", "insert into docs values (2002, 'U', 'kept')", "select rowcast.seal()",
		"delete from rowcast.log_active where tenant = 'T' and after::text like '%lost%'", "select rowcast.rotate('0', 0)",
		"insert into docs values (2003, 'T', 'after')")
	release()
	want = append(want, feed.Decoding, "")
	l.wait(t, "everything", func(r *recorder) bool { return len(of(r.changes, "T")) == len(want) })
	checkUnreadable(t, "the tail", of(l.snapshot(), "T"), want)
	l.stop()
	for i, reason := range want {
		if reported[int64(i+1)] != reason {
			t.Errorf("position %d: %q is reported; want %q", i+1, reported[int64(i+1)], reason)
		}
	}
	if n := len(l.resets); n > 0 {
		t.Errorf("%d resets", n)
	}
	history := changelog.NewHistory(d.pool, 0)
	for _, size := range []int{1, 3, 500} {
		checkUnreadable(t, fmt.Sprintf("history in pages of %d", size), pages(t, history, "T", size), want)
	}
	for _, c := range append(pages(t, history, "U", 500), of(l.snapshot(), "U")...) {
		if c.Unreadable != nil || len(c.After) == 0 {
			t.Errorf("another tenant is sent %+v", c)
		}
	}
}

// TestReadOneByOne: what the database cannot send is told without its row, here for
// a connection whose encoding lacks a letter, and what stands beside it in the same
// log row is told.
func TestReadOneByOne(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	config, err := pgxpool.ParseConfig(d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["client_encoding"] = "LATIN1"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	l := d.tail(t, func(o *changelog.Options) {
		o.Connect = func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config.ConnConfig.Copy()) }
		o.Pool = pool
	})
	pgtest.Exec(t, admin,
		"insert into docs values (1, 'T', 'plain'), (2, 'T', '語'), (3, 'T', 'plain')",
		"insert into docs values (4, 'T', '語')", "insert into docs values (5, 'U', 'plain')",
		"update docs set body = 'plain' where id = 2", "delete from docs where id = 4", "insert into docs values (6, 'T', 'plain')")
	want := []feed.Reason{"", feed.Decoding, "", feed.Decoding, feed.Decoding, feed.Decoding, ""}
	l.wait(t, "the last row", func(r *recorder) bool { return len(of(r.changes, "T")) == len(want) && len(of(r.changes, "U")) == 1 })
	checkUnreadable(t, "the tail", of(l.snapshot(), "T"), want)
	pgtest.Exec(t, admin, "select rowcast.rotate('0', 0)", "select rowcast.rotate('0', 0)")
	checkUnreadable(t, "the history", pages(t, changelog.NewHistory(pool, 0), "T", 2), want)
}

func checkUnreadable(t *testing.T, who string, got []feed.Change, want []feed.Reason) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s returns %d changes; want %d", who, len(got), len(want))
	}
	for i, c := range got {
		reason := feed.Reason("")
		if c.Unreadable != nil {
			reason = c.Unreadable.Reason
		}
		if c.Position != int64(i+1) || reason != want[i] || (reason != "") != (c.After == nil && c.Before == nil) {
			t.Errorf("%s: change %d is at %d, %q of %d bytes, %+v; want %q", who, i+1, c.Position, reason, len(c.After)+len(c.Before), c.Unreadable, want[i])
		}
	}
}

// of are the changes of a tenant.
func of(changes []feed.Change, tenant string) (own []feed.Change) {
	for _, c := range changes {
		if c.Tenant == tenant {
			own = append(own, c)
		}
	}
	return own
}

// pages are all changes of a tenant, in pages of a size.
func pages(t *testing.T, history *changelog.History, tenant string, size int) (all []feed.Change) {
	t.Helper()
	at, err := history.Oldest(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for {
		page, err := history.After(t.Context(), tenant, at, size)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Changes...)
		if !page.More || len(page.Changes) == 0 {
			return all
		}
		at = cursorAt(page.Changes[len(page.Changes)-1])
	}
}
