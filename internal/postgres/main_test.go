package postgres_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// timeout bounds every wait; it decides nothing but when to give up.
const timeout = 2 * time.Minute

func migrator(t *testing.T, dsn string) *postgres.Migrator {
	return &postgres.Migrator{URL: dsn, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func up(t *testing.T, m *postgres.Migrator) []postgres.Step {
	t.Helper()
	steps, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// schema lists what a database has outside the system's schemas.
func schema(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return pgtest.Column[string](t, conn, `
		with mine as (
			select n.oid, n.nspname from pg_namespace n
			 where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema')
		select * from (
			select format('schema %s', nspname) from mine
			union all
			select format('%s %s.%s %s', c.relkind, n.nspname, c.relname,
			              (select string_agg(format('%s %s %s %s', a.attname, a.atttypid::regtype, a.attnotnull,
			                      (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d where d.adrelid = c.oid and d.adnum = a.attnum)),
			                      ', ' order by a.attnum)
			                 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0))
			  from pg_class c join mine n on n.oid = c.relnamespace
			union all
			select format('constraint %s %s', k.conrelid::regclass, pg_get_constraintdef(k.oid))
			  from pg_constraint k join mine n on n.oid = k.connamespace
			union all
			select format('trigger %s %s %s', g.oid, g.tgenabled, pg_get_triggerdef(g.oid)) from pg_trigger g
			union all
			select format('function %s', pg_get_functiondef(p.oid)) from pg_proc p join mine n on n.oid = p.pronamespace
		) o (line) order by line`)
}
