package stage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench"
	"rowcast/internal/bench/stage"
	"rowcast/internal/test/pgtest"
)

const tables = `create schema scratch_test; create table scratch_test.a (id int primary key, tenant_id text);
	create table scratch_test.b (id int); select rowcast.watch('scratch_test.a', name => 'a')`

func database(t *testing.T) (*stage.Stage, *pgx.Conn) {
	t.Helper()
	e := pgtest.Migrated(t)
	return stage.New(stage.Options{URL: e.DSN}), e.Conn
}

// left counts the schema, its tables and those of them that are watched.
func left(t *testing.T, conn *pgx.Conn) int {
	t.Helper()
	const query = `select (select count(*) from pg_namespace where nspname = 'scratch_test')
		+ (select count(*) from pg_class c join pg_namespace s on s.oid = c.relnamespace where s.nspname = 'scratch_test' and c.relkind = 'r')
		+ (select count(*) from rowcast.watched where active)`
	return pgtest.Query[int](t, conn, query)
}

func TestSchemaIsGone(t *testing.T) {
	t.Parallel()
	s, conn := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	remove, err := s.Install(ctx, new(bench.Environment), "scratch_test", tables)
	if err != nil {
		t.Fatal(err)
	}
	if n := left(t, conn); n != 4 {
		t.Fatalf("a schema, two tables and a watched one count %d", n)
	}
	cancel()
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if n := left(t, conn); n != 0 {
		t.Errorf("%d things are left", n)
	}
	if err := remove(); err == nil || !strings.Contains(err.Error(), "left behind") {
		t.Errorf("removed twice: %v", err)
	}
}

func TestExistingSchemaIsNamed(t *testing.T) {
	t.Parallel()
	s, conn := database(t)
	pgtest.Exec(t, conn, "create schema scratch_test", "create table scratch_test.mine ()")
	if _, err := s.Install(t.Context(), new(bench.Environment), "scratch_test", tables); err == nil || !strings.Contains(err.Error(), "drop schema scratch_test cascade") {
		t.Errorf("error %v", err)
	}
	if n := left(t, conn); n != 2 {
		t.Errorf("%d things are there instead of a schema with one table", n)
	}
}
