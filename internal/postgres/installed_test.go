package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// The functions of a newer program stay: an older one changes nothing.
func TestOlderMigrateIsRefused(t *testing.T) {
	t.Parallel()
	m := migrator(t, pgtest.Database(t))
	up(t, m)
	conn := pgtest.Connect(t, m.URL)
	pgtest.Exec(t, conn, `insert into rowcast.migration (version_id, is_applied) values (9999, true)`,
		`create or replace function rowcast.stem(table_name text) returns text language sql as $$ select 'of a newer version' $$`)
	before := schema(t, conn)
	for _, m.NewFeed = range []bool{false, true} {
		steps, err := m.Up(t.Context())
		if !errors.Is(err, postgres.ErrNewer) || len(steps) > 0 || !strings.Contains(err.Error(), "9999") {
			t.Errorf("migrate did %v and ends with %v", steps, err)
		}
	}
	if got := pgtest.Column[string](t, conn, `select rowcast.stem('x')`); got[0] != "of a newer version" || strings.Join(before, "\n") != strings.Join(schema(t, conn), "\n") {
		t.Error("the older migrate has changed the schema")
	}
}

// Whatever is changed in the schema is said, with a command that repairs it.
func TestAlterationsAreFoundAndRepaired(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, make, says string }{
		{"capture does nothing", `create or replace function rowcast.capture() returns trigger language plpgsql security definer as $$ begin return null; end $$`, "function rowcast.capture() is not as it was installed"},
		{"function of an earlier version", `create or replace function rowcast.paused() returns boolean language sql as $$ select false $$`, "function rowcast.paused() is not as it was installed"},
		{"rights of the caller", `alter function rowcast.capture() security invoker`, "function rowcast.capture() is not as it was installed"},
		{"function dropped", `drop function rowcast.notify`, "is missing"},
		{"owner without rights", `do $$ begin if not exists (select from pg_roles where rolname = 'altered_nobody') then create role altered_nobody; end if; end $$; alter function rowcast.capture_update() owner to altered_nobody`, "function rowcast.capture_update() belongs to altered_nobody, who may not append to the log"},
		{"cache of a sequence", `alter sequence rowcast.log_id cache 50`, "sequence rowcast.log_id is not as it was installed"},
		{"column dropped", `alter table rowcast.log drop column writer`, "table rowcast.log is not as it was installed"},
		{"column retyped", `alter table rowcast.pause alter column reason type varchar(10)`, "table rowcast.pause is not as it was installed"},
		{"log dropped", `drop table rowcast.log_active cascade`, "table rowcast.log_active is missing"},
		{"order dropped", `drop table rowcast.sealed cascade`, "table rowcast.sealed is missing"},
		{"sequence dropped", `drop sequence rowcast.log_id cascade`, "sequence rowcast.log_id is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := migrator(t, pgtest.Database(t))
			conn := pgtest.Connect(t, m.URL)
			pgtest.Exec(t, conn, `create table docs (id int primary key, tenant_id text, secret text)`)
			up(t, m)
			pgtest.Exec(t, conn, `select rowcast.watch('docs', name => 'paper', exclude => '{secret}')`)
			const drift = `select coalesce(string_agg(d.detail, '; '), '') from rowcast.trigger_drift() d where d.lost`
			if said := pgtest.Column[string](t, conn, drift)[0]; said != "" {
				t.Fatalf("at first drift says %s", said)
			}
			pgtest.Exec(t, conn, test.make)
			said := pgtest.Column[string](t, conn, drift)[0]
			if !strings.Contains(said, test.says) || !strings.Contains(said, "repair it with rowcast migrate") {
				t.Errorf("drift says %q; want %s", said, test.says)
			}
			m.NewFeed = strings.Contains(said, "rowcast migrate --new-feed: ")
			if _, err := m.Up(t.Context()); err != nil {
				t.Fatalf("what it names to repair it: %v", err)
			}
			if said := pgtest.Column[string](t, conn, drift)[0]; said != "" {
				t.Errorf("repaired, drift says %s", said)
			}
			if cache := pgtest.Column[string](t, conn, `select cache_size::text from pg_sequences where schemaname = 'rowcast' and sequencename = 'log_id'`); cache[0] != "1" {
				t.Errorf("repaired, the sequence has a cache of %s", cache)
			}
			pgtest.Exec(t, conn, `insert into docs values (1, 'T', 'hidden')`)
			got := pgtest.Column[string](t, conn, `select w.name || ' ' || l.after[1]::text from rowcast.log l join rowcast.watched w on w.id = l.watched`)
			if len(got) != 1 || got[0] != `paper {"id":1,"tenant_id":"T"}` {
				t.Errorf("repaired, the log has %v", got)
			}
		})
	}
}
