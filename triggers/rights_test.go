package triggers_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/test/pgtest"
)

// roles makes roles with these attributes for one test, which makes its database
// after them: that is dropped first.
func roles(t *testing.T, attributes map[string]string) {
	t.Helper()
	for name, attribute := range attributes {
		pgtest.Admin(t, pgtest.Server(t), "create role "+name+" "+attribute)
		t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), "drop role "+name) })
	}
}

// rights lists what a role may do with the objects of schema rowcast, as
// PostgreSQL sees it.
const rights = `
	select 'schema ' || v from unnest(array['usage', 'create']) v where has_schema_privilege($1, 'rowcast', v)
	 union all
	select c.relname || ' ' || v
	  from pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) v
	 where c.relnamespace = 'rowcast'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege($1, c.oid, v)
	 union all
	select c.relname || '.' || a.attname || ' ' || v
	  from pg_class c join pg_attribute a on a.attrelid = c.oid, unnest(array['select', 'insert', 'update', 'references']) v
	 where c.relnamespace = 'rowcast'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
	   and has_column_privilege($1, c.oid, a.attnum, v) and not has_table_privilege($1, c.oid, v)
	 union all
	select c.relname || ' ' || v
	  from pg_class c, unnest(array['usage', 'select', 'update']) v
	 where c.relnamespace = 'rowcast'::regnamespace and c.relkind = 'S' and has_sequence_privilege($1, c.oid, v)
	 union all
	select p.proname || ' execute'
	  from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and has_function_privilege($1, p.oid, 'execute')`

// nobody is what every role has.
var nobody = []string{"capture_replicated execute", "resume execute"}

// service is what a service role has beside that.
var service = []string{
	"alteration execute", "arguments execute", "base_type execute", "cursor execute", "empty_segments execute", "feed select", "foreign_log execute", "present_files_of execute", "rows_of execute", "service_roles execute", "why_not_readable execute", "has_columns execute", "identity execute", "know execute",
	"inheritance execute", "is_shown execute", "part_drift execute", "wide_rows execute", "lock_number execute", "lock_holders execute", "servers execute",
	"log select", "log_0 select", "log_active select", "log_rows execute", "name_drift execute", "numbered execute",
	"activate_policy execute", "pause select", "pauses execute", "policies execute", "policy select", "refuse_policy execute", "present_triggers execute", "prune execute", "queue select", "relation_of execute", "revocation select", "revocation_version select", "rotate execute", "rules select", "schema usage", "seal execute", "seal select", "segment select",
	"sealed select", "subscribed_log execute", "tenant select", "tenant.tenant insert", "trigger_drift execute", "trigger_states execute", "unsealed execute", "wanted_triggers execute", "watched select", "written_values execute",
}

// capture is what the role has that the functions of triggers run as: beside its own
// functions those that they call.
var capture = []string{
	"log_active delete", "log_active insert", "log_active select", "log_id select", "log_id usage", "noted insert", "noted select", "noted.id update",
	"pause select", "queue_tenant insert", "schema usage", "statement select", "statement usage", "watched select",
}

// called are the functions that triggers call, and those that these name.
const called = `
	with recursive body as (
		select p.proname, regexp_replace(concat(p.prosrc, pg_get_function_sqlbody(p.oid)), 'hint = [^\n]*', '', 'g') as text from pg_proc p where p.pronamespace = 'rowcast'::regnamespace
	), called as (
		select b.* from body b where rowcast.is_capture(b.proname)
		 union
		select b.* from called c join body b on c.text ~ ('rowcast\.' || b.proname || '\(')
	)
	select distinct proname || ' execute' from called`

// TestRights compares what each kind of role may do with every table, sequence
// and function of the schema. What is added to the schema later is nobody's
// until this table says otherwise.
func TestRights(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"rights_app": "login", "rights_writer": "login", "rights_service": "login noinherit", "rights_owner": "nologin"})
	d := newDatabase(t)
	database := pgtest.Query[string](t, d.Conn, `select current_database()`)
	d.Exec(t, `create table hides (id int primary key, tenant_id text, secret text)`, `select rowcast.watch('hides', exclude => '{secret}')`,
		`grant all on docs, hides to rights_writer`, `grant create, temporary, connect on database `+database+` to rights_writer`,
		`select rowcast.hand_over('rights_owner')`, `select rowcast.grant_service('rights_service')`)
	// A segment that was made by the service role is the owner's, too.
	d.Exec(t, `insert into docs values (1, 'T', 'one')`, `set role rights_service`)
	if !pgtest.Query[bool](t, d.Conn, `select rowcast.rotate('0', 0)`) {
		t.Error("not rotated")
	}
	d.Exec(t, `reset role`)
	for role, want := range map[string][]string{
		"rights_app": nobody, "rights_writer": nobody, "rights_service": append(slices.Clone(nobody), service...),
		"rowcast_capture": slices.Concat(nobody, capture, pgtest.Column[string](t, d.Conn, called)),
	} {
		got := pgtest.Column[string](t, d.Conn, rights, role)
		slices.Sort(got)
		slices.Sort(want)
		got, want = slices.Compact(got), slices.Compact(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rights of %s (-want +got):\n%s", role, diff)
		}
	}
	others := pgtest.Column[string](t, d.Conn, `
		select c.relname from pg_class c where c.relnamespace = 'rowcast'::regnamespace and c.relowner <> 'rights_owner'::regrole
		 union all
		select p.proname from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and p.proowner <> case when rowcast.is_capture(p.proname) then 'rowcast_capture' else 'rights_owner' end::regrole`)
	if len(others) > 0 {
		t.Errorf("they belong to somebody else: %v", others)
	}
}

// TestRightsAreRefused tries what TestRights only looks up: every verb on every
// table, every sequence and every function, with wrong and right arguments, as an
// application and as the service role.
func TestRightsAreRefused(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"refused_app": "login", "refused_service": "login noinherit"})
	d := newDatabase(t)
	d.Exec(t, `select rowcast.grant_service('refused_service')`, `insert into docs values (1, 'T', 'one')`, `select rowcast.seal()`)

	tries := map[string]string{} // by the right that a try needs
	for _, table := range pgtest.Column[string](t, d.Conn, `select relname from pg_class where relnamespace = 'rowcast'::regnamespace and relkind in ('r', 'p')`) {
		tries[table+" select"] = `select * from rowcast.` + table
		tries[table+" insert"] = `insert into rowcast.` + table + ` default values`
		tries[table+" delete"] = `delete from rowcast.` + table + ` where false`
		tries[table+" truncate"] = `truncate rowcast.` + table
		tries[table+" lock"] = `lock table rowcast.` + table + ` in access exclusive mode`
		tries[table+" trigger"] = `create trigger x before insert on rowcast.` + table + ` for each statement execute function suppress_redundant_updates_trigger()`
		tries[table+" owner"] = `alter table rowcast.` + table + ` add column x int`
		last := pgtest.Query[string](t, d.Conn, `select attname from pg_attribute where attrelid = ('rowcast.' || $1)::regclass order by attnum desc limit 1`, table)
		tries[table+" update"] = fmt.Sprintf(`update rowcast.%s set %s = %[2]s where false`, table, last)
	}
	for _, sequence := range pgtest.Column[string](t, d.Conn, `select relname from pg_class where relnamespace = 'rowcast'::regnamespace and relkind = 'S'`) {
		tries[sequence+" usage"] = `select nextval('rowcast.` + sequence + `')`
		tries[sequence+" update"] = `select setval('rowcast.` + sequence + `', 1)`
	}
	for _, call := range pgtest.Column[string](t, d.Conn, `
		select format('rowcast.%I(%s)', p.proname, (select string_agg(format('null::%s', replace(a.type::regtype::text, 'anyelement', 'integer')), ', ' order by a.n)
		                                              from unnest(p.proargtypes::oid[]) with ordinality a (type, n)))
		  from pg_proc p where p.pronamespace = 'rowcast'::regnamespace and p.prorettype <> 'trigger'::regtype`) {
		name, _, _ := strings.Cut(strings.TrimPrefix(call, "rowcast."), "(")
		tries[name+" execute"] = `select ` + call
	}
	tries["tenant insert"] = `insert into rowcast.tenant (tenant, floor) values ('T', 1000)` // the tenant alone is allowed
	tries["schema create"] = `create table rowcast.mine (x int)`
	if len(tries) < 100 {
		t.Fatalf("%d tries", len(tries))
	}
	for role, allowed := range map[string][]string{"refused_app": nil, "refused_service": service} {
		d.Exec(t, `set role `+role)
		for _, right := range slices.Sorted(maps.Keys(tries)) {
			if slices.Contains(allowed, right) || role == "refused_service" && slices.Contains(nobody, right) {
				continue
			}
			d.Exec(t, `begin`)
			if _, err := d.Conn.Exec(t.Context(), tries[right]); err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s: %s: %v; want permission denied", role, tries[right], err)
			}
			d.Exec(t, `rollback`)
		}
		d.Exec(t, `reset role`)
	}
	if got := pgtest.Query[int](t, d.Conn, `select count(*)::int from rowcast.log`); got != 1 {
		t.Errorf("the log has %d rows", got)
	}
}

// TestWriterMakesAPartition as the owner of a watched table, without any right on
// schema rowcast.
func TestWriterMakesAPartition(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"partition_maker": "login"})
	d := newDatabase(t)
	d.Exec(t, `grant create on schema public to partition_maker`, `set role partition_maker`,
		`create table parted (id int, tenant_id text, primary key (id)) partition by range (id)`, `reset role`,
		`select rowcast.watch('parted', name => 'part')`, `set role partition_maker`,
		`create table parted_1 partition of parted for values from (0) to (10)`, `insert into parted values (1, 'T')`, `reset role`)
	d.wantSealed(t, "T 1 i")
}

// TestWriterWithoutAnyRight writes after whatever a hardening script revokes.
func TestWriterWithoutAnyRight(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"hardened_writer": "login"})
	d := newDatabase(t)
	d.Exec(t, `grant select, insert, update, delete, truncate on docs to hardened_writer`, `revoke all on schema rowcast from public`,
		`revoke all on all tables in schema rowcast from public`, `revoke all on all sequences in schema rowcast from public`,
		`revoke all on all functions in schema rowcast from public`, `set role hardened_writer`,
		`insert into docs values (1, 'T', 'one')`, `insert into docs values (2, 'T', 'two'), (3, 'T', 'three')`, `update docs set body = body || '.'`,
		`update docs set tenant_id = 'U' where id = 1`, `delete from docs where id = 1`, `truncate docs`, `reset role`)
	d.wantLog(t, `i T (1,T,one)`, `i T (2,T,two)(3,T,three)`, `u T (1,T,one.)(2,T,two.)(3,T,three.)<(1,T,one)(2,T,two)(3,T,three)`,
		`d T <(1,T,one.)`, `i U (1,U,one.)`, `d U <(1,U,one.)`, `t`)
}

// TestMigrationMendsWhomCaptureRunsAs migrates what an earlier version has left:
// functions of the superuser, and triggers whose condition draws with the rights
// of the writer.
func TestMigrationMendsWhomCaptureRunsAs(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"mended_writer": "login"})
	d := newDatabase(t, `grant insert on docs to mended_writer`)
	for _, function := range pgtest.Column[string](t, d.Conn, `select oid::regprocedure::text from pg_proc where pronamespace = 'rowcast'::regnamespace and rowcast.is_capture(proname)`) {
		d.Exec(t, `alter function `+function+` owner to postgres`)
	}
	d.Exec(t, `create or replace trigger rowcast_begin_insert before insert on docs for each statement
			when (nextval('rowcast.statement') % 3 <> 1) execute function rowcast.begin_statement(1, 2, '{}', 'tenant_id', '{}')`,
		`alter table docs enable always trigger rowcast_begin_insert`, `select rowcast.set_up_capture()`)
	if got := pgtest.Query[string](t, d.Conn, `select rowcast.capture_owner()::text`); got != "rowcast_capture" {
		t.Errorf("capture runs as %s", got)
	}
	for n := range 2 { // the first gives the right that the condition needs, and replaces the trigger
		pgtest.Migrate(t, d.DSN)
		d.Exec(t, `set role mended_writer`, fmt.Sprintf(`insert into docs values (%d, 'T', 'x')`, n), `reset role`)
	}
	if got := pgtest.Column[string](t, d.Conn, `select tgname from pg_trigger where tgqual is not null`); len(got) > 0 {
		t.Errorf("triggers with a condition: %v", got)
	}
	if pgtest.Query[bool](t, d.Conn, `select has_sequence_privilege('mended_writer', 'rowcast.statement', 'usage')`) {
		t.Error("every role may still draw numbers")
	}
	if got := pgtest.Query[int](t, d.Conn, `select count(*)::int from rowcast.log`); got != 2 {
		t.Errorf("%d log rows", got)
	}
}
