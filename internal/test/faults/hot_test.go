package faults_test

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/work"
)

// tenants are those that the rows of a database belong to.
var tenants = []string{"acme", "borea", "cygnus"}

// database has a table of hot rows.
type database struct {
	pg  *devpg.Server
	dsn string
	// ids are of new rows and of transactions; those of sentinels are negative.
	ids atomic.Int64
}

// newDatabase starts a PostgreSQL that writes to disk as a real one does, with
// settings of its own, and installs Rowcast and the table hot.
func newDatabase(t *testing.T, settings map[string]string) *database {
	t.Helper()
	all := map[string]string{"max_connections": "300"}
	maps.Copy(all, settings)
	pg := pgtest.Own(t, devpg.Options{Durable: true, Settings: all})
	s := &database{pg: pg, dsn: pg.DSN("postgres")}
	pgtest.Migrate(t, s.dsn)
	s.exec(t, work.TxRows)
	s.exec(t, `create table hot (id int primary key, tenant_id text not null, version int not null, body text)`)
	for id := 1; id <= work.HotRows; id++ {
		s.exec(t, fmt.Sprintf("insert into hot values (%d, '%s', 0)", id, tenants[id%len(tenants)]))
	}
	s.exec(t, `select rowcast.watch('hot', name => 'hot')`)
	return s
}

// exec runs statements on a connection of their own.
func (s *database) exec(t *testing.T, statements ...string) {
	t.Helper()
	s.as(t, "admin", func(_ context.Context, conn *pgx.Conn) { pgtest.Exec(t, conn, statements...) })
}

// as runs f with a connection of this name.
func (s *database) as(t *testing.T, name string, f func(ctx context.Context, conn *pgx.Conn)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
	defer cancel()
	conn, err := postgres.Connect(ctx, s.dsn, name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	f(ctx, conn)
}

// terminate ends the backends whose application has one of these names, all
// but its own if none is given, and says how many there were.
func (s *database) terminate(t *testing.T, applications ...string) (count int) {
	t.Helper()
	s.as(t, "admin", func(ctx context.Context, conn *pgx.Conn) {
		err := conn.QueryRow(ctx, `
			select count(pg_terminate_backend(pid)) from pg_stat_activity
			 where pid <> pg_backend_pid() and datname = current_database()
			   and (coalesce(cardinality($1::text[]), 0) = 0 or application_name = any($1))`, applications).Scan(&count)
		if err != nil {
			t.Fatal(err)
		}
	})
	return count
}

// crash kills the postmaster with -9.
func (s *database) crash(t *testing.T) {
	t.Helper()
	if err := s.pg.Kill(); err != nil {
		t.Fatal(err)
	}
}

// restart starts the server again on the same data, port and password.
func (s *database) restart(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := s.pg.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}
