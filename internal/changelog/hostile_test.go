package changelog_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// TraceBatchStart counts what a seal sends, too.
func (q *queryCounter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	q.count.Add(1)
	return ctx
}

// TraceBatchQuery belongs to the tracer of a batch.
func (q *queryCounter) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd belongs to the tracer of a batch.
func (q *queryCounter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// journal keeps what a tail logs.
type journal struct{ servetest.Transcript }

// options has a tail log into the journal, as far as operators see it.
func (j *journal) options(o *changelog.Options) {
	o.Log = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// plainRole is a session of a role that may connect and nothing else.
func (d *database) plainRole(t *testing.T, role string) *pgx.Conn {
	t.Helper()
	pgtest.Admin(t, pgtest.Server(t), "create role "+role)
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), "drop role "+role) })
	conn := pgtest.ConnectAs(t, d.DSN, "forger")
	pgtest.Exec(t, conn, "set session authorization "+role)
	if _, err := conn.Exec(t.Context(), "table rowcast.log"); err == nil {
		t.Fatal("a role without rights reads the log")
	}
	return conn
}

// A role without any right forges every kind of message on both channels. No
// event comes of it, no line of the log, and real changes come as ever.
func TestForgeriesOfAPlainRoleAreIgnored(t *testing.T) {
	t.Parallel()
	s := newSleeper(t)
	log := new(journal)
	s.start(t, log.options)
	s.tail.until(t, "lead", func(c changelog.Status) bool { return c.Leads }) // or the second may
	second := s.database.tail(t, newDialer(s.database, "b").options, netless, log.options)
	s.tail.until(t, "sleep", asleep)
	forger, writer := s.plainRole(t, "forger_of_rings"), pgtest.ConnectAs(t, s.DSN, "writer")
	for i, forged := range []string{
		"", "{", "null", "true", "replica", `{"v":1,"table":"docs","op":"insert","n":1,"tenant_id":"U"}`,
		`{"v":1,"table":"docs","op":"insert","n":99999999999999999999999999,"tenant_ids":["T","U"]}`,
		`{"v":1,"sealed":1,"tenant_ids":["T"]}`, `{"v":1,"sealed":99999999999999999999999999999999}`, `{"v":1,"sealed":-1,"tenant_ids":["U"]}`,
		`{"v":1,"sealed":` + strings.Repeat("9", 7900) + `}`, `{"v":1,"sealed":1,"tenant_ids":[` + strings.Repeat(`"T",`, 1900) + `"T"]}`,
		strings.Repeat("x", 7999), strings.Repeat("ö", 3999), strings.Repeat("[", 7999),
	} {
		for _, channel := range []string{"rowcast", "rowcast_probe"} {
			if _, err := forger.Exec(t.Context(), "select pg_notify($1, $2)", channel, forged); err != nil {
				t.Fatal(err)
			}
		}
		pgtest.Exec(t, writer, s.insert())
		s.arrive(t, 0)
		second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == i+1 })
	}
	if faults := checkSame(s.tail.snapshot(), second.snapshot()); len(faults) > 0 || len(s.tail.resets)+len(second.resets) > 0 {
		t.Errorf("%v, resets %v %v", faults, s.tail.resets, second.resets)
	}
	if !asleep(s.tail.Status()) || !s.tail.Status().Live || !second.Status().Live {
		t.Errorf("the tails are %+v and %+v", s.tail.Status(), second.Status())
	}
	if said := log.String(); said != "" {
		t.Errorf("the log tells of forgeries:\n%s", said)
	}
}

// A plain role sends ten thousand different messages a second, on either
// channel, to a leader that sleeps, to one that never does, and to another server.
// None of them asks the server more often than a pause of 5 ms allows.
func TestFloodOfAPlainRoleIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, channel, payload string }{
		{"writers", "rowcast", "junk"}, {"seals", "rowcast", `{"v":1,"sealed":1,"x":`}, {"replicas", "rowcast_probe", "replica"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, notify := range []changelog.Notify{changelog.NotifyAuto, changelog.NotifyNever} {
				s := newSleeper(t)
				_ = s.ear.conn.Close(t.Context()) // nobody would read from it
				log, leader, other := new(journal), new(queryCounter), new(queryCounter)
				with := func(o *changelog.Options) { o.Notify = notify }
				s.start(t, s.counted(leader), with, log.options)
				s.tail.until(t, "rest", func(c changelog.Status) bool {
					return c.Leads && c.Listening && c.Asleep == (notify == changelog.NotifyAuto)
				})
				second := s.database.tail(t, s.counted(other), netless, with, log.options)
				second.until(t, "listening", func(c changelog.Status) bool { return c.Listening })
				forger := s.plainRole(t, "flood_of_"+test.name+"_"+string(notify))
				began, before, beforeOther := time.Now(), leader.count.Load(), other.count.Load()
				sent := flood(t, forger, test.channel, test.payload)
				took := time.Since(began)
				asked, askedOther := leader.count.Load()-before, other.count.Load()-beforeOther
				t.Logf("%s: %d messages in %s, %d queries of the leader, %d of the other", notify, sent, took.Round(time.Millisecond), asked, askedOther)
				// A look is up to two queries: the seal, and the count of servers.
				if limit := 2*int64(took/(5*time.Millisecond)) + 40; asked > limit || askedOther > limit {
					t.Errorf("%d messages in %s caused %d and %d queries; want at most %d", sent, took, asked, askedOther, limit)
				}
				writer := pgtest.ConnectAs(t, s.DSN, "writer")
				pgtest.Exec(t, writer, s.insert())
				s.arrive(t, 0)
				second.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
				if said := log.String(); said != "" {
					t.Errorf("the log tells of the flood:\n%s", said)
				}
				second.stop()
				s.tail.stop()
			}
		})
	}
}

// flood sends messages for a second, at ten thousand a second, and returns how
// many there were. Each batch is a transaction; no two messages are the same
// unless the payload counts as it is.
func flood(t *testing.T, conn *pgx.Conn, channel, payload string) (sent int) {
	t.Helper()
	const batch, rate = 50, 10_000
	tick := time.NewTicker(time.Second * batch / rate)
	defer tick.Stop()
	for ; sent < rate; sent += batch {
		query := "select pg_notify($1, $2 || case when $1 = 'rowcast' then n::text || '}' else '' end) from generate_series(1, $3) n"
		if _, err := conn.Exec(t.Context(), query, channel, payload, batch); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
	return sent
}

// LISTEN ends on a session that lives on, as "unlisten *" does. It is asked what it
// listens to, so the tail connects anew; changes are found meanwhile.
func TestLostListenIsNoticed(t *testing.T) {
	t.Parallel()
	_, d := ownDatabase(t, devpg.Options{})
	proxy, dsn := newProxy(t, d.DSN)
	database := newDialer(d, "a")
	database.url = dsn
	log := new(journal)
	l := d.tail(t, database.options, log.options)
	l.until(t, "sleep", asleep)
	admin := pgtest.ConnectAs(t, d.DSN, "admin")
	pid, port := backendOf(t, admin, listenBackend)
	proxy.inject(t, port, "unlisten *")
	eventually(t, "end of LISTEN", func() bool {
		return pgtest.Query[bool](t, admin, `select not exists (select from pg_stat_activity a
			where a.pid = $1 and (a.query <> 'unlisten *' or a.state <> 'idle'))`, pid)
	})
	began := time.Now()
	pgtest.Exec(t, admin, "insert into docs values (1, 'T')")
	l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
	found := time.Since(began)
	eventually(t, "new LISTEN", func() bool {
		return pgtest.Query[bool](t, admin, `select exists (select from pg_stat_activity a
			where a.datname = current_database() and a.pid <> $1 and `+listenBackend+`)`, pid)
	})
	took := time.Since(began)
	t.Logf("a change came after %s, the loss of LISTEN was noticed after %s", found.Round(time.Millisecond), took.Round(time.Millisecond))
	if bar := 10 * time.Second; took > 2*bar {
		t.Errorf("the loss of LISTEN was noticed after %s; the bar is %s", took, bar)
	}
	if n := strings.Count(log.String(), "LISTEN delivers nothing, connecting anew"); n != 1 {
		t.Errorf("the loss is logged %d times:\n%s", n, log)
	}
	l.until(t, "sleep", asleep)
	pgtest.Exec(t, admin, "insert into docs values (2, 'T')")
	l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 2 })
}
