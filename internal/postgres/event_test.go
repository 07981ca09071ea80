package postgres_test

import (
	"log/slog"
	"strings"
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// TestEventTriggerIsNamed migrates, watches and rotates in databases whose event
// triggers fail by their search_path, or forbid what changes a schema.
func TestEventTriggerIsNamed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"unqualified": `insert into ddl_log values (tg_tag)`, "forbids": `raise exception 'no changes of the schema'`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Database(t)
			conn, err := postgres.Connect(t.Context(), dsn, "test")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			m := &postgres.Migrator{URL: dsn, Log: slog.New(slog.DiscardHandler)}
			do := func(statement string) {
				t.Helper()
				if _, err := conn.Exec(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			named := func(what string, err error) {
				t.Helper()
				if got := postgres.EventTrigger(err); !strings.HasSuffix(got, "audit()") || !strings.Contains(postgres.Explain(err).Error(), "audit() of an event trigger") {
					t.Errorf("%s: %v (in %q)", what, err, got)
				}
			}
			do(`create table public.ddl_log (what text)`)
			do(`create function public.audit() returns event_trigger language plpgsql as $$ begin ` + body + `; end $$`)
			do(`create event trigger audit on ddl_command_start execute function public.audit()`)
			do(`alter event trigger audit disable`)
			if _, err := m.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			do(`create table public.docs (id int primary key, tenant_id text)`)
			do(`create table public.captured (id int primary key, tenant_id text)`)
			do(`select rowcast.watch('public.captured')`)
			do(`insert into public.captured values (1, 'T')`)
			do(`select rowcast.seal()`)
			do(`alter event trigger audit enable`)
			_, err = m.Up(t.Context())
			named("migrate", err)
			_, err = conn.Exec(t.Context(), `select rowcast.watch('public.docs')`)
			named("watch", err)
			_, err = conn.Exec(t.Context(), `select rowcast.rotate('0', 0)`)
			named("rotate", err)

			do(`drop event trigger audit`)
			do(`alter function public.audit() set search_path = public`)
			do(`create or replace function public.audit() returns event_trigger language plpgsql set search_path = public as $$ begin insert into ddl_log values (tg_tag); end $$`)
			do(`create event trigger audit on ddl_command_start execute function public.audit()`)
			if _, err := m.Up(t.Context()); err != nil {
				t.Errorf("with a search_path of its own: %v", err)
			}
		})
	}
}
