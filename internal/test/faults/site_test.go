package faults_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// The rows that all writers want, and where other rows begin.
const (
	hotRows     = 6
	firstNewRow = 1000
)

// tenants are those that the rows of a site belong to.
var tenants = []string{"acme", "borea", "cygnus"}

// site is a database with a table of hot rows.
type site struct {
	pg  *devpg.Server
	dsn string
	// nextID draws the ids of new rows and of transactions; sentinels are
	// -nextID.
	nextID atomic.Int64
}

// newSite starts a PostgreSQL that writes to disk as a real one does, with
// settings of its own, and installs Rowcast and the table hot.
func newSite(t *testing.T, settings map[string]string) *site {
	t.Helper()
	all := map[string]string{"max_connections": "300"}
	maps.Copy(all, settings)
	pg := pgtest.Own(t, devpg.Options{Durable: true, Settings: all})
	s := &site{pg: pg, dsn: pg.DSN("postgres")}
	s.nextID.Store(firstNewRow)
	migrator := postgres.Migrator{URL: s.dsn, Log: slog.New(slog.DiscardHandler)}
	if _, err := migrator.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `create table deed (id int primary key)`)
	s.exec(t, `create table hot (id int primary key, tenant_id text not null, version int not null, body text)`)
	for id := 1; id <= hotRows; id++ {
		s.exec(t, fmt.Sprintf("insert into hot values (%d, '%s', 0)", id, tenants[id%len(tenants)]))
	}
	s.exec(t, `select rowcast.watch('hot', name => 'hot')`)
	return s
}

// exec runs statements on a connection of their own.
func (s *site) exec(t *testing.T, statements ...string) {
	t.Helper()
	s.as(t, "admin", func(ctx context.Context, conn *pgx.Conn) {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	})
}

// as runs f with a connection of this name.
func (s *site) as(t *testing.T, name string, f func(ctx context.Context, conn *pgx.Conn)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
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
func (s *site) terminate(t *testing.T, applications ...string) (count int) {
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
func (s *site) crash(t *testing.T) {
	t.Helper()
	if err := s.pg.Kill(); err != nil {
		t.Fatal(err)
	}
}

// restart starts the server again on the same data, port and password.
func (s *site) restart(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.pg.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}
