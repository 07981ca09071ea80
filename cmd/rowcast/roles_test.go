package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
	"rowcast/triggers"
)

// as is the way to a database as another role.
func as(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("user", role)
	u.RawQuery = query.Encode()
	return u.String()
}

// dropRole drops a role when the test has dropped its database.
func dropRole(t *testing.T, roles ...string) {
	t.Helper()
	server := pgtest.Server(t)
	t.Cleanup(func() {
		for _, role := range roles {
			pgtest.Admin(t, server, "drop role if exists "+role)
		}
	})
}

// await waits until a query answers true.
func await(t *testing.T, s *pgtest.Env, query string) {
	t.Helper()
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		var yes bool
		if err := s.Conn.QueryRow(t.Context(), query).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if yes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s", query)
		}
	}
}

// TestServeWithLeastPrivileges hands schema rowcast over to a role that cannot
// log in, and serves as one that can do nothing else: it seals, resumes, reads
// the history, rotates and prunes the log, and hears of revocations. The
// application that writes is a third role. Another migration changes none of it.
func TestServeWithLeastPrivileges(t *testing.T) {
	t.Parallel()
	const owner, service, app = "least_owner", "least_service", "least_app"
	dropRole(t, owner, service, app)
	s := newEnv(t)
	for range 2 {
		pgtest.Psql(t, s.DSN, "-f", "../../sql/roles.sql", "-v", "owner="+owner, "-v", "service="+service)
	}
	s.Exec(t, `create role `+app+` login`, `grant usage on schema public to `+app,
		`grant select, insert, update, delete on all tables in schema public to `+app)
	writer := pgtest.Connect(t, as(t, s.DSN, app))
	if _, err := writer.Exec(t.Context(), `select from rowcast.log`); err == nil {
		t.Error("the application reads the log")
	}
	for round, did := range []string{"handed over", "migrated again"} {
		if round == 1 {
			if code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + s.DSN}, "migrate"); code != program.ExitOK {
				t.Fatalf("migrate: %d %q %q", code, stdout, stderr)
			}
		}
		var owners, began string
		if err := s.Conn.QueryRow(t.Context(), `select string_agg(distinct relowner::regrole::text, ' ') from pg_class where relnamespace = 'rowcast'::regnamespace`).
			Scan(&owners); err != nil || owners != owner {
			t.Errorf("%s: schema rowcast belongs to %s, %v", did, owners, err)
		}
		if err := s.Conn.QueryRow(t.Context(), `select now()::text`).Scan(&began); err != nil {
			t.Fatal(err)
		}
		r := start(t, s, "DATABASE_URL="+as(t, s.DSN, service), "ROWCAST_RETENTION=2s")
		c, joined := join(t, r.url, inventory.AcmeID, "")
		order := fmt.Sprint("LEAST-", round)
		if _, err := writer.Exec(t.Context(), `insert into public.orders (tenant_id, order_number, customer) values ($1, $2, 'x')`, inventory.AcmeID, order); err != nil {
			t.Fatal(err)
		}
		c.until(t, "order", func(m message) bool { return m.Event == "order:created" && strings.Contains(string(m.Data), order) })
		late, _ := join(t, r.url, inventory.AcmeID, joined.Cursor)
		late.until(t, "order", func(m message) bool { return m.Event == "order:created" && strings.Contains(string(m.Data), order) })
		status, said := request(t, http.MethodGet, httpURL(r.url, "/history", url.Values{"after": {joined.Cursor}}), token(t, inventory.AcmeID), "")
		if status != http.StatusOK || !strings.Contains(said, order) {
			t.Errorf("%s: /history answers %d %s", did, status, said)
		}
		r.ready(t, did+", ready", http.StatusOK)
		if status, said := request(t, http.MethodGet, r.admin+"/status", "", ""); status != http.StatusOK || !strings.Contains(said, `"ok":true`) {
			t.Errorf("%s: /status answers %d %s", did, status, said)
		}
		await(t, s, `select max(g.opened_at) > '`+began+`' and (select max(floor) > 0 from rowcast.tenant) from rowcast.segment g`)
		s.Exec(t, `select rowcast.revoke(subject => 'test', lifetime => '1 hour')`)
		for _, c := range []*client{c, late} {
			for {
				if _, err := c.next(); err != nil {
					if !strings.Contains(err.Error(), "4505") {
						t.Errorf("%s: revoked: %v", did, err)
					}
					break
				}
			}
		}
		s.Exec(t, `delete from rowcast.revocation`)
		r.stop()
	}
}

// TestRolesWithoutASuperuser installs, hands over and migrates again as a role
// that may create roles and owns the database and its tables.
func TestRolesWithoutASuperuser(t *testing.T) {
	t.Parallel()
	const migrator, owner, service = "plain_migrator", "plain_owner", "plain_service"
	pgtest.Admin(t, pgtest.Server(t), "create role "+migrator+" login createrole")
	dropRole(t, owner, service, migrator)
	dsn := pgtest.Database(t)
	pgtest.Psql(t, dsn, "-c", `alter database `+strings.TrimPrefix(path(t, dsn), "/")+` owner to `+migrator)
	own := as(t, dsn, migrator)
	pgtest.Psql(t, own, "-c", `create schema shop`, "-c", `create table shop.invoices (id int primary key, tenant_id text)`)
	environ := []string{"DATABASE_URL=" + own}
	for _, args := range [][]string{{"migrate"}, {"watch", "shop.invoices"}, nil, {"migrate"}} {
		if args == nil {
			pgtest.Psql(t, own, "-f", "../../sql/roles.sql", "-v", "owner="+owner, "-v", "service="+service)
			continue
		}
		if code, stdout, stderr := rowcast(t, environ, args...); code != program.ExitOK {
			t.Fatalf("%s: %d %q %q", args, code, stdout, stderr)
		}
	}
	pgtest.Psql(t, own, "-c", `insert into shop.invoices values (1, 'T')`)
	pgtest.Psql(t, as(t, dsn, service), "-c", `select rowcast.seal()`)
	code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + as(t, dsn, service)}, "tail", "--tenant", "T", "--from", "beginning", "--count", "1")
	if code != program.ExitOK || !strings.Contains(stdout, "invoices:created") {
		t.Errorf("tail as the service role: %d %q %q", code, stdout, stderr)
	}
}

func path(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// TestServiceRoleLooksAndMends runs what an operator asks as the role of the
// server. It names who holds a lock; if it was allowed to, it ends him.
func TestServiceRoleLooksAndMends(t *testing.T) {
	t.Parallel()
	dropRole(t, "looks_owner", "looks_plain", "looks_ends", "looks_usurper")
	s := newEnv(t)
	environ := func(role string) []string {
		return []string{"DATABASE_URL=" + as(t, s.DSN, role), "JWT_SECRET=" + secret}
	}
	pgtest.Admin(t, pgtest.Server(t), "create role looks_usurper login")
	usurper := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), as(t, s.DSN, "looks_usurper"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
		if _, err := conn.Exec(t.Context(), `set application_name = 'usurper'`); err != nil {
			t.Fatal(err)
		}
		for _, lock := range []int64{triggers.SealLock, triggers.LeaderLock, triggers.PruneLock} {
			if _, err := conn.Exec(t.Context(), `select pg_advisory_lock($1)`, lock); err != nil {
				t.Fatal(err)
			}
		}
		return conn
	}
	for _, c := range []struct{ role, ends string }{{"looks_plain", "no"}, {"looks_ends", "yes"}} {
		pgtest.Psql(t, s.DSN, "-f", "../../sql/roles.sql", "-v", "owner=looks_owner", "-v", "service="+c.role, "-v", "ends="+c.ends)
		if code, stdout, stderr := rowcast(t, environ(c.role), "status"); code != program.ExitOK {
			t.Errorf("%s: status: %d %q %q", c.role, code, stdout, stderr)
		}
		holder := usurper()
		_, stdout, stderr := rowcast(t, environ(c.role), "doctor")
		for _, lock := range []string{"seal", "leader", "prune"} {
			if want := fmt.Sprintf("lock of the %s is held by pid %d, role looks_usurper, application usurper", lock, holder.PgConn().PID()); c.ends == "no" && !strings.Contains(stdout, want) {
				t.Errorf("%s: the doctor does not say %q:\n%s%s", c.role, want, stdout, stderr)
			}
		}
		if strings.Contains(stdout, "not known") {
			t.Errorf("%s: the doctor may not look:\n%s", c.role, stdout)
		}
		_, _, status := pgtest.RunPsql(t, as(t, s.DSN, c.role), nil, "-v", "ON_ERROR_STOP=1", "-c", fmt.Sprintf("select pg_terminate_backend(%d)", holder.PgConn().PID()))
		if ended := status == 0; ended != (c.ends == "yes") {
			t.Errorf("%s ends the holder: %v", c.role, ended)
		}
		_ = holder.Close(t.Context())
	}
}
