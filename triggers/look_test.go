package triggers_test

import (
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
)

// TestTableIsLookedIntoAsItsOwner writes statements that cause others, so that the
// table is looked into, which runs a function of its owner. That runs as whom the
// table belongs to then, or not at all; what it does is none of the writer's.
func TestTableIsLookedIntoAsItsOwner(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"look_owner": "login", "look_heir": "login", "look_other": "login"})
	d := newDatabase(t, `create table public.notes (what text, who text)`, `grant insert on public.notes to public`,
		`create function public.note(what text, who text) returns void language plpgsql as $$ begin insert into public.notes values (what, who); end $$`,
		`create function fails(int) returns int language plpgsql immutable as $$ begin
			if current_setting('look.fail', true) = 'on' and current_user <> 'postgres' then raise 'not today'; end if; return 1; end $$`,
		spy("indexed", "int", "int", "1"), `create statistics planned on (indexed(1) + fails(1) + id), id from docs`,
		`create function again() returns trigger language plpgsql as $$ begin
			if pg_trigger_depth() < 2 then update docs set body = body || '.' where id = new.id; end if; return null; end $$`,
		`create trigger zz after insert on docs for each row execute function again()`)
	id := 0
	looksAs := func(step string, want ...string) {
		t.Helper()
		id++
		d.Exec(t, `truncate public.notes`, `delete from rowcast.log`, `begin`)
		if _, err := d.Conn.Exec(t.Context(), `insert into docs values ($1, 'T', 'x')`, id); err != nil {
			t.Fatalf("%s: the writer is told: %v", step, err)
		}
		d.Exec(t, `commit`)
		if diff := cmp.Diff(append([]string{}, want...), pgtest.Column[string](t, d.Conn, `select distinct who from public.notes where who <> 'postgres' order by 1`)); diff != "" {
			t.Errorf("%s: the table was looked into as (-want +got):\n%s", step, diff)
		}
		if got := pgtest.Query[string](t, d.Conn, `select string_agg(op::text, '' order by begun, part, id) from rowcast.log`); got != "iu" {
			t.Errorf("%s: the log has %s; want an insert and an update", step, got)
		}
	}
	d.Exec(t, `alter table docs owner to look_owner`)
	looksAs("before migrate")
	d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched`)
	looksAs("with a function of his own", "look_owner")
	if got := pgtest.Query[string](t, d.Conn, `select p.proowner::regrole || ': ' || string_agg(r.rolname, ', ' order by r.rolname)
		from pg_proc p join pg_roles r on has_function_privilege(r.oid, p.oid, 'execute') and not r.rolsuper
		where p.proname like 'look\_as\_%' and r.rolname in ('rowcast_capture', 'look_owner', 'look_heir', 'look_other') group by p.oid, p.proowner`); got != "look_owner: look_owner, rowcast_capture" {
		t.Errorf("the function belongs to and is called by %s", got)
	}
	d.Exec(t, `set look.fail = on`)
	looksAs("his code fails")
	d.Exec(t, `reset look.fail`)

	function := pgtest.Query[string](t, d.Conn, `select oid::regprocedure::text from pg_proc where proname like 'look\_as\_%'`)
	d.Exec(t, `grant usage on schema rowcast to look_owner`, `set role look_owner`, `alter function `+function+` security invoker`, `reset role`)
	looksAs("his function runs as its caller")
	d.Exec(t, `revoke usage on schema rowcast from look_owner`, `select rowcast.install_triggers(id) from rowcast.watched`)
	looksAs("mended", "look_owner")

	d.Exec(t, `alter table docs enable row level security`)
	looksAs("with policies for others", "look_owner")
	d.Exec(t, `alter table docs force row level security`)
	looksAs("with policies for everybody")
	d.Exec(t, `alter table docs disable row level security`, `alter table docs no force row level security`)

	d.Exec(t, `alter table docs owner to look_heir`)
	looksAs("another owner")
	d.Exec(t, `select rowcast.install_triggers(id) from rowcast.watched`)
	looksAs("another owner, after migrate", "look_heir")
	const owners = `select p.proowner::regrole::text from pg_proc p where p.proname like 'look\_as\_%'`
	if diff := cmp.Diff([]string{"look_heir"}, pgtest.Column[string](t, d.Conn, owners)); diff != "" {
		t.Errorf("functions of (-want +got):\n%s", diff)
	}
	if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(drift) > 0 {
		t.Errorf("drift says %v", drift)
	}
	d.Exec(t, `select rowcast.unwatch('docs')`)
	if left := pgtest.Column[string](t, d.Conn, owners); len(left) > 0 {
		t.Errorf("unwatch left functions of %v", left)
	}
}
