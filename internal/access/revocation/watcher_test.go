package revocation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/revocation"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

// run runs a watcher until the test ends.
func run(t *testing.T, b *pgtest.Env, o revocation.Options) *revocation.Watcher {
	t.Helper()
	if o.Database == nil {
		pool := pgtest.Pool(t, b.DSN, "test", 2)
		o.Database = pool
	}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	w := revocation.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	return w
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s", what)
		}
	}
}

// identity is what every token stands for here.
func identity() *auth.Identity {
	return &auth.Identity{Subject: "ann", TokenID: "1", Tenants: []string{"T"}, IssuedAt: time.Now().Truncate(time.Second), Expires: time.Now().Add(time.Hour)}
}

func TestWatcherFollowsTheTable(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	var changes atomic.Int64
	w := run(t, b, revocation.Options{Interval: 50 * time.Millisecond, Changed: func() { changes.Add(1) }})
	until(t, "the first list", func() bool { return changes.Load() == 1 })
	id := identity()
	for _, call := range []string{
		`rowcast.revoke(token_id => '1')`, `rowcast.revoke(subject => 'ann', reason => 'left')`, `rowcast.revoke(tenant => 'T')`,
		`rowcast.revoke(issued_before => clock_timestamp())`,
		`rowcast.revoke(subject => 'ann', issued_before => clock_timestamp(), lifetime => '1 hour')`,
	} {
		number := pgtest.Query[int64](t, b.Conn, "select "+call)
		until(t, call, func() bool { return w.Revoked(id) })
		if w.Revoked(&auth.Identity{Subject: "bob", TokenID: "2", Tenants: []string{"U"}, IssuedAt: time.Now().Add(2 * time.Second)}) {
			t.Errorf("%s revokes others", call)
		}
		pgtest.ExecWith(t, b.Conn, `select rowcast.unrevoke($1)`, number)
		until(t, "the end of "+call, func() bool { return !w.Revoked(id) })
	}
	// What psql does to the table counts as well.
	pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (subject, until) values ('ann', '2999-01-01')`)
	until(t, "insert", func() bool { return w.Revoked(id) })
	pgtest.ExecWith(t, b.Conn, `update rowcast.revocation set subject = 'bob'`)
	until(t, "update", func() bool { return !w.Revoked(id) })
	pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (issued_before, until) values ('2998-01-01', '2999-01-01')`)
	until(t, "insert", func() bool { return w.Revoked(id) })
	pgtest.ExecWith(t, b.Conn, `truncate rowcast.revocation`)
	until(t, "truncate", func() bool { return !w.Revoked(id) })
	seen := changes.Load()
	pgtest.ExecWith(t, b.Conn, `begin`)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'ann')`)
	pgtest.ExecWith(t, b.Conn, `rollback`)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'bob')`)
	until(t, "the next change", func() bool { return changes.Load() > seen })
	if w.Revoked(id) {
		t.Error("a revocation that was rolled back is in force")
	}
}

// A notification is obeyed although the time between two questions is long.
func TestNotificationIsObeyed(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	var changes atomic.Int64
	w := run(t, b, revocation.Options{Interval: time.Hour, Changed: func() { changes.Add(1) }})
	until(t, "the first list", func() bool { return changes.Load() == 1 })
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'ann')`)
	w.Wake()
	until(t, "the revocation", func() bool { return w.Revoked(identity()) })
}

// counter counts the questions that a database is asked, and keeps them waiting
// while it is shut.
type counter struct {
	inner revocation.Database
	asked atomic.Int64
	shut  atomic.Bool
}

func (c *counter) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	c.asked.Add(1)
	if c.shut.Load() {
		return away{}
	}
	return c.inner.QueryRow(ctx, query, args...)
}

type away struct{}

func (away) Scan(...any) error {
	return &pgconn.PgError{Code: "57P03", Message: "the database system is starting up"}
}

// Somebody notifies all the time, which any role can do.
func TestNotificationsAreBounded(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	c := &counter{inner: pgtest.Pool(t, b.DSN, "test", 2)}
	began := time.Now()
	w := run(t, b, revocation.Options{Database: c, Interval: time.Hour})
	for c.asked.Load() < 5 {
		w.Wake()
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("five questions in %s", took)
	}
}

// TestNotificationsAreReliedOn: nothing is asked while notifications arrive,
// but after one; when they do not, and when they do again, it is.
func TestNotificationsAreReliedOn(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	c := &counter{inner: pgtest.Pool(t, b.DSN, "test", 2)}
	var heard atomic.Bool
	var looks atomic.Int64
	heard.Store(true)
	w := run(t, b, revocation.Options{Database: c, Interval: 110 * time.Millisecond, Listening: func() bool {
		looks.Add(1)
		return heard.Load()
	}})
	until(t, "several looks at the listener", func() bool { return looks.Load() > 8 })
	if n := c.asked.Load(); n != 1 {
		t.Errorf("asked %d times while notifications arrive", n)
	}
	w.Wake()
	until(t, "the question after a notification", func() bool { return c.asked.Load() == 2 })
	heard.Store(false)
	until(t, "questions while notifications do not arrive", func() bool { return c.asked.Load() > 4 })
	heard.Store(true)
	asked, seen := c.asked.Load(), looks.Load()
	until(t, "several looks at the listener", func() bool { return looks.Load() > seen+8 })
	if n := c.asked.Load() - asked; n < 1 || n > 2 {
		t.Errorf("asked %d times when notifications arrive again", n)
	}
}

func TestNothingIsLetInBeforeTheListIsKnown(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'bob')`)
	c := &counter{inner: pgtest.Pool(t, b.DSN, "test", 2)}
	c.shut.Store(true)
	var known atomic.Bool
	w := run(t, b, revocation.Options{Database: c, Interval: 20 * time.Millisecond, Changed: func() { known.Store(true) }})
	verify := w.Verify(func(_ context.Context, token string) (auth.Identity, error) {
		id := *identity()
		if id.Subject = token; token == "" {
			return auth.Identity{}, auth.ErrNoToken
		}
		return id, nil
	})
	redeem := w.Redeem(func(ticket string) (auth.Identity, bool) {
		id := *identity()
		id.Subject = ticket
		return id, ticket != ""
	})
	until(t, "a question", func() bool { return c.asked.Load() > 1 })
	if _, err := verify(t.Context(), "ann"); !errors.Is(err, auth.ErrUnavailable) || auth.PublicText(err) != auth.ErrUnavailable.Error() {
		t.Errorf("before the list is known: %v", err)
	}
	if _, ok := redeem("ann"); ok {
		t.Error("a ticket is redeemed before the list is known")
	}
	c.shut.Store(false)
	until(t, "the list", known.Load)
	if id, err := verify(t.Context(), "ann"); err != nil || id.Subject != "ann" {
		t.Errorf("good token: %+v, %v", id, err)
	}
	if _, err := verify(t.Context(), ""); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("no token: %v", err)
	}
	if id, err := verify(t.Context(), "bob"); !errors.Is(err, auth.ErrRevoked) || id.Subject != "" || auth.PublicText(err) != auth.ErrRevoked.Error() {
		t.Errorf("revoked token: %+v, %v", id, err)
	}
	if _, ok := redeem("ann"); !ok {
		t.Error("a good ticket is refused")
	}
	if _, ok := redeem("bob"); ok {
		t.Error("the ticket of a revoked identity is redeemed")
	}
	// What is known stays when the database is away.
	asked := c.asked.Load()
	c.shut.Store(true)
	until(t, "questions", func() bool { return c.asked.Load() > asked+1 })
	if _, err := verify(t.Context(), "bob"); !errors.Is(err, auth.ErrRevoked) {
		t.Errorf("revoked token while the database is away: %v", err)
	}
}

// TestRowsThatNameNothing: a row with empty text revokes nobody, beside whatever
// else it has; others count, and the log says which do not. Such rows were written
// before the database refused them.
func TestRowsThatNameNothing(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	pgtest.ExecWith(t, b.Conn, `alter table rowcast.revocation disable trigger revocation_names`)
	pgtest.ExecWith(t, b.Conn, `alter table rowcast.revocation drop constraint revocation_names_tokens`)
	texts, times := []string{"null", "''", "'x'"}, []string{"null", "'2998-01-01'"}
	void := 0
	for _, tokenID := range texts {
		for _, subject := range texts {
			for _, tenant := range texts {
				for _, before := range times {
					all := tokenID + ", " + subject + ", " + tenant + ", " + before
					named := strings.Contains(all, "x") || before != "null"
					if strings.Contains(all, "''") || !named {
						void++
					} else if !strings.Contains(all, "x") {
						continue // revokes everybody, and says so
					}
					pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (token_id, subject, tenant, issued_before, until) values (`+all+`, '2999-01-01')`)
				}
			}
		}
	}
	pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (subject, until) values ('bob', '2999-01-01')`)
	pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (subject, issued_before, until) values ('ann', '0001-01-01 00:00:00+00', '2999-01-01')`)
	pool := pgtest.Pool(t, b.DSN, "test", 1)
	var log bytes.Buffer
	w := revocation.New(revocation.Options{Database: pool, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := w.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ann, bare := identity(), &auth.Identity{Subject: "ann", IssuedAt: time.Unix(1, 0)}
	if w.Revoked(ann) || w.Revoked(bare) {
		t.Error("a row with empty text revokes a token that it does not name")
	}
	for _, id := range []*auth.Identity{{Subject: "bob"}, {Subject: "x"}, {Subject: "ann", TokenID: "x"}, {Subject: "ann", Tenants: []string{"x"}}} {
		if !w.Revoked(id) {
			t.Errorf("%+v is not revoked", id)
		}
	}
	if says := fmt.Sprintf("count=%d", void); !strings.Contains(log.String(), says) || !strings.Contains(log.String(), "name nothing") {
		t.Errorf("the log says %s; want %s", &log, says)
	}
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	long := strings.Repeat("x", 256)
	for call, says := range map[string]string{
		`rowcast.revoke()`:                                            "needs a token id",
		`rowcast.revoke(subject => '')`:                               "1 to 255 bytes",
		`rowcast.revoke(tenant => '` + long + `')`:                    "1 to 255 bytes",
		`rowcast.revoke(token_id => '` + long + `')`:                  "1 to 255 bytes",
		`rowcast.revoke(issued_before => 'tomorrow')`:                 "lies in the future",
		`rowcast.revoke(subject => 'a', lifetime => '0')`:             "longer than 0",
		`rowcast.revoke(subject => 'a', reason => repeat('x', 1001))`: "at most 1000 bytes",
	} {
		if _, err := b.Conn.Exec(t.Context(), "select "+call); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", call, err, says)
		}
	}
	// Nor does the table itself take it.
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'ann')`)
	for _, statement := range []string{
		`insert into rowcast.revocation (subject, until) values ('', '2999-01-01')`,
		`insert into rowcast.revocation (token_id, subject, until) values ('', 'ann', '2999-01-01')`,
		`insert into rowcast.revocation (tenant, issued_before, until) values ('', '2020-01-01', '2999-01-01')`,
		`insert into rowcast.revocation (tenant, until) values ('` + long + `', '2999-01-01')`,
		`update rowcast.revocation set token_id = ''`,
	} {
		if _, err := b.Conn.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "1 to 255 bytes") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// Revocations that are over are forgotten by the next one.
func TestRevocationsArePruned(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	pgtest.ExecWith(t, b.Conn, `insert into rowcast.revocation (subject, until) select 'user ' || n, now() - interval '2 hours' from generate_series(1, 1000) n`)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'ann', reason => 'left')`)
	var count int
	var by, reason string
	if err := b.Conn.QueryRow(t.Context(), `select count(*) over (), revoked_by, reason from rowcast.revocation`).Scan(&count, &by, &reason); err != nil {
		t.Fatal(err)
	}
	if count != 1 || by == "" || reason != "left" {
		t.Errorf("%d revocations are left, the newest by %q because %q", count, by, reason)
	}
}

// A queue of NOTIFY that is full fails no revocation: see rowcast.notify.
func TestRevocationNotifies(t *testing.T) {
	t.Parallel()
	b := pgtest.Migrated(t)
	ear := b.Connect(t)
	pgtest.Exec(t, ear, "listen rowcast")
	pgtest.ExecWith(t, b.Conn, `begin`)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'rolled back')`)
	pgtest.ExecWith(t, b.Conn, `rollback`)
	pgtest.ExecWith(t, b.Conn, `select rowcast.revoke(subject => 'ann', reason => 'a secret of ours')`)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	n, err := ear.WaitForNotification(ctx)
	if err != nil || n.Payload != `{"v":1,"revoked":true}` {
		t.Errorf("heard %+v, %v", n, err)
	}
}
