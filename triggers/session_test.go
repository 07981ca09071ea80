package triggers_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// While session_replication_role is replica the row trigger captures, else the
// statement triggers do, and never both.
func TestReplicaRoleIsCapturedOnce(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, role := range []string{"replica", "origin", "local"} {
		d.Exec(t, `delete from rowcast.log`, `set session_replication_role = `+role,
			`insert into docs values (1, 'T', 'one'), (2, 'U', 'two'), (3, null, 'three')`,
			`update docs set body = body`,
			`update docs set id = id + 10, body = upper(body)`,
			`update docs set tenant_id = 'U' where id = 11`,
			`delete from docs where id = 12`,
			`truncate docs`)
		d.wantLog(t, `i T (1,T,one)`, `i U (2,U,two)`, `u T (11,T,ONE)<(1,T,one)`, `u U (12,U,TWO)<(2,U,two)`,
			`d T <(11,T,ONE)`, `i U (11,U,ONE)`, `d U <(12,U,TWO)`, `t`)
	}
	d.Exec(t, `set session_replication_role = default`)
	d.wantSealed(t, "T 1 i", "U 1 i", "T 2 u", "U 2 u", "T 3 d", "U 3 i", "U 4 d", "T 4 t", "U 5 t")
}

// A writer without any right on schema rowcast is captured, reads and writes
// nothing there, and cannot make the functions of capture run his own.
func TestWriterWithoutRights(t *testing.T) {
	t.Parallel()
	const role = "mallory"
	pgtest.Admin(t, pgtest.Server(t), `create role `+role)
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), `drop role `+role) })
	d := newDatabase(t)
	database := pgtest.Query[string](t, d.Conn, `select current_database()`)
	d.Exec(t, `grant create on schema public to `+role, `grant create, temporary on database `+database+` to `+role,
		`grant insert, update, delete, truncate, select on docs to `+role,
		`create table caught (what text)`, `grant insert, select on caught to `+role)
	d.Exec(t, `set role `+role)
	d.Exec(t, traps("public")...)
	d.Exec(t, traps("pg_temp")...)
	d.Exec(t, `set search_path = pg_temp, public, pg_catalog`)
	writes := []string{
		`insert into public.docs values (1, 'T', 'one')`,
		`insert into public.docs select g, 'T', 'many' from pg_catalog.generate_series(2, 100) g`,
		`update public.docs set body = 'uno' where id operator(pg_catalog.=) 1`,
		`update public.docs set body = 'all'`,
		`update public.docs set tenant_id = 'U' where id operator(pg_catalog.=) 1`,
		`delete from public.docs where id operator(pg_catalog.=) 1`,
		`truncate public.docs`,
	}
	d.Exec(t, writes...)
	// With settings that capture has to change, it takes another way.
	d.Exec(t, `set timezone = 'Europe/Berlin'`, `set datestyle = 'sql, dmy'`)
	d.Exec(t, writes...)
	if got := pgtest.Query[string](t, d.Conn, `select pg_catalog.concat_ws(' ', pg_catalog.current_setting('timezone'), pg_catalog.current_setting('datestyle'),
		pg_catalog.current_setting('search_path'))`); got != "Europe/Berlin SQL, DMY pg_temp, public, pg_catalog" {
		t.Errorf("after the statements the writer's settings are %s", got)
	}
	d.Exec(t, `reset timezone`, `reset datestyle`)
	sleeper := d.Connect(t)
	pgtest.Exec(t, sleeper, `reset role`, `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
	d.Exec(t, writes...)
	d.Exec(t, `set search_path = public`)
	for _, statement := range []string{
		`select * from rowcast.log`, `insert into rowcast.log (begun, watched, rows, op) values (1, 1, 1, 't')`, `select rowcast.seal()`,
		`select rowcast.watch('docs')`, `select rowcast.unwatch('docs')`, `select pg_catalog.nextval('rowcast.log_id')`, `select rowcast.prune('0')`,
		`update rowcast.watched set active = false`, `create trigger x after insert on docs for each row execute function rowcast.capture()`,
		`select rowcast.notify(1, 'x', 1, null)`,
	} {
		if err := refused(t, d.Conn, statement); err.Code != "42501" {
			t.Errorf("%s: %v; want permission denied", statement, err)
		}
	}
	owner := d.Connect(t) // without the temporary objects
	if caught := pgtest.Column[string](t, owner, `select what from caught`); len(caught) > 0 {
		t.Errorf("capture ran what the writer planted: %q", caught)
	}
	ops := strings.Join(pgtest.Column[string](t, owner, `select op::text || ':' || sum(rows) from rowcast.log group by op order by op::text`), " ")
	if want := "d:6 i:303 t:3 u:303"; ops != want {
		t.Errorf("the log has %s; want %s", ops, want)
	}
}

// traps shadow what capture calls; each writes to the table caught and raises.
func traps(schema string) []string {
	statements := []string{}
	for _, f := range []string{
		`row_to_json(record) returns json`, `nextval(regclass) returns bigint`, `nextval(text) returns bigint`,
		`set_config(text, text, boolean) returns text`, `current_setting(text, boolean) returns text`,
		`pg_try_advisory_xact_lock_shared(bigint) returns boolean`, `pg_notify(text, text) returns void`, `left(text, int) returns text`,
		`lower(text) returns text`, `strpos(text, text) returns int`, `octet_length(text) returns int`, `split_part(text, text, int) returns text`,
		`trap_text(text, text) returns text`, `trap_equal(text, text) returns boolean`,
		`trap_number(bigint, bigint) returns boolean`, `pg_current_xact_id() returns xid8`, `clock_timestamp() returns timestamptz`,
		`trap_json(json, text) returns text`, `count() returns bigint`, `currval(text) returns bigint`, `currval(regclass) returns bigint`,
		`pg_trigger_depth() returns int`, `current_setting(text) returns text`, `unnest(text[]) returns setof text`,
		`trap_int(int, int) returns boolean`, `array_fill(text, int[]) returns text[]`, `trap_append(text[], text) returns text[]`,
	} {
		statements = append(statements, `create function `+schema+`.`+f+` language plpgsql as $$ begin
			insert into public.caught values ('`+strings.ReplaceAll(f, "'", "")+`');
			raise exception 'caught';
		end $$`)
	}
	return append(statements,
		`create operator `+schema+`.|| (leftarg = text, rightarg = text, function = `+schema+`.trap_text)`,
		`create operator `+schema+`.= (leftarg = text, rightarg = text, function = `+schema+`.trap_equal)`,
		`create operator `+schema+`.<= (leftarg = bigint, rightarg = bigint, function = `+schema+`.trap_number)`,
		`create operator `+schema+`.<> (leftarg = text, rightarg = text, function = `+schema+`.trap_equal)`,
		`create operator `+schema+`.= (leftarg = int, rightarg = int, function = `+schema+`.trap_int)`,
		`create operator `+schema+`.>= (leftarg = int, rightarg = int, function = `+schema+`.trap_int)`,
		`create operator `+schema+`.<= (leftarg = int, rightarg = int, function = `+schema+`.trap_int)`,
		`create operator `+schema+`.|| (leftarg = text[], rightarg = text, function = `+schema+`.trap_append)`,
		`create operator `+schema+`.->> (leftarg = json, rightarg = text, function = `+schema+`.trap_json)`,
		`create table `+schema+`.changed_rows (id int, tenant_id text, body text)`,
		`create table `+schema+`.new_rows (id int, tenant_id text, body text)`,
		`create table `+schema+`.old_rows (id int, tenant_id text, body text)`,
		`create table `+schema+`.log (id int)`, `create table `+schema+`.pg_attribute (id int)`,
		`create type `+schema+`.json_ as (a int)`, `create domain `+schema+`.int8 as text`, `create domain `+schema+`.text as int`,
		`create domain `+schema+`.json as int`, `create domain `+schema+`."char" as int`, `create domain `+schema+`.int4 as text`,
	)
}

// The settings count as fixed in those combinations alone in which values look as
// capture writes them.
func TestSettingsAreReported(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	combinations, wrong := 0, ""
	err := d.Conn.QueryRow(t.Context(), `
		select count(*), coalesce(string_agg(distinct s.all_of_them::text, ', ') filter (where s.fixed <> s.found), '')
		  from (select array[zone, dates, intervals, bytes, digits, role, pause] as all_of_them,
		               zone in ('UTC', 'Etc/UTC', 'GMT') and dates ~ '^ISO' and intervals = 'postgres' and bytes = 'hex' and digits::int > 0 and role <> 'replica' and pause = '' as fixed,
		               (select rowcast.settings_fixed() from set_config('TimeZone', zone, true) f1, set_config('DateStyle', dates, true) f2, set_config('IntervalStyle', intervals, true) f3,
		                       set_config('bytea_output', bytes, true) f4, set_config('extra_float_digits', digits, true) f5, set_config('session_replication_role', role, true) f6,
		                       set_config('rowcast.pause', pause, true) f7) as found
		          from unnest(array['UTC', 'Etc/UTC', 'GMT', 'Europe/London', 'utc0']) zone, unnest(array['ISO, MDY', 'ISO, DMY', 'SQL', 'German', 'Postgres']) dates,
		               unnest(array['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601']) intervals, unnest(array['hex', 'escape']) bytes,
		               unnest(array['-15', '-1', '0', '1', '2', '3']) digits, unnest(array['origin', 'local', 'replica']) role, unnest(array['', 'x', 'Etc/', 'origin', ' ']) pause) s`).Scan(&combinations, &wrong)
	if wrong != "" || combinations != 5*5*4*2*6*3*5 {
		t.Errorf("of %d combinations these are told wrong: %.500s; %v", combinations, wrong, err)
	}
}

func TestPreparedTransaction(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.Exec(t, `begin`, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`, `update docs set body = 'x'`, `truncate docs`,
		`prepare transaction 'rowcast-triggers-1'`)
	d.wantSealed(t)
	d.Exec(t, `commit prepared 'rowcast-triggers-1'`)
	d.wantSealed(t, "T 1-2 i", "T 3-4 u", "T 5 t")
	sleeper := d.Connect(t)
	pgtest.Exec(t, sleeper, `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
	d.Exec(t, `begin`, `insert into docs values (1, 'T', 'one')`)
	if err := refused(t, d.Conn, `prepare transaction 'rowcast-triggers-2'`); err.Code != "0A000" {
		t.Errorf("a transaction that notifies is prepared: %v", err)
	}
}
