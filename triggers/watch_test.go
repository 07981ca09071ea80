package triggers_test

import (
	"slices"
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/sql"

	"github.com/google/go-cmp/cmp"
)

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, partitioned...)
	d.Exec(t,
		`create view v as select 1 as id, 'T' as tenant_id`,
		`create materialized view mv as select 1 as id, 'T' as tenant_id`,
		`create foreign data wrapper nowhere`, `create server nowhere foreign data wrapper nowhere`,
		`create foreign table ft (id int, tenant_id text) server nowhere`,
		`create sequence sq`, `create temporary table tt (id int primary key, tenant_id text)`,
		`create table nopk (id int, tenant_id text)`, `create table notenant (id int primary key)`,
		`create table badtype (id int primary key, tenant_id timestamptz, "Odd" jsonb)`,
		`create table fine (id int primary key, tenant_id text, late text generated always as (tenant_id) stored)`)
	const noTable = "Only ordinary and partitioned tables can be watched."
	const system = "It is a system table, a temporary table or one of Rowcast's own."
	for _, test := range []struct{ call, code, message, hint string }{
		{`'v'`, "42809", "public.v is not a table", noTable},
		{`'mv'`, "42809", "public.mv is not a table", noTable},
		{`'ft'`, "42809", "public.ft is not a table", noTable},
		{`'sq'`, "42809", "public.sq is not a table", noTable},
		{`'tt'`, "42809", "tt cannot be watched", system},
		{`'pg_class'`, "42809", "pg_class cannot be watched", system},
		{`'information_schema.sql_features'`, "42809", "information_schema.sql_features cannot be watched", system},
		{`'rowcast.log'`, "42809", "rowcast.log cannot be watched", system},
		{`'events_1'`, "42809", "public.events_1 is a partition", "Watch public.events, which includes its partitions."},
		{
			`'nopk'`, "55000", "public.nopk has no primary key",
			"Clients could not tell its rows apart. Add one: alter table public.nopk add primary key (...).",
		},
		{`'notenant'`, "42703", "public.notenant has no column tenant_id", "Name the column that holds the tenant: --tenant-column."},
		{`'fine', tenant_column => 'My Tenant'`, "42703", `public.fine has no column "My Tenant"`, "Name the column that holds the tenant: --tenant-column."},
		{`'fine', tenant_column => 'ctid'`, "42703", "public.fine has no column ctid", "Name the column that holds the tenant: --tenant-column."},
		{
			`'badtype'`, "42804", "column tenant_id of public.badtype has type timestamp with time zone",
			"A tenant is a uuid, text, varchar, smallint, integer or bigint.",
		},
		{
			`'badtype', tenant_column => 'Odd'`, "42804", `column "Odd" of public.badtype has type jsonb`,
			"A tenant is a uuid, text, varchar, smallint, integer or bigint.",
		},
		{`'fine', exclude => '{id,secret}'`, "42703", "public.fine has no column secret", "Correct the list of excluded columns."},
		{
			`'fine', exclude => '{tenant_id}'`, "22023", "the tenant column tenant_id cannot be excluded",
			"Clients get rows by their tenant. Leave it out of the list of excluded columns.",
		},
		{`'fine', name => 'Order'`, "22023", "event name 'Order' is not usable", "Choose another with --name: lower-case letters, digits and dashes, as in order-item."},
		{`'fine', name => ''`, "22023", "event name '' is not usable", "Choose another with --name: lower-case letters, digits and dashes, as in order-item."},
		{`'fine', name => 'stock'`, "22023", "the event name 'stock' belongs to the inventory events", "Choose another with --name."},
		{`'fine', exclude => '{id}'`, "22023", "column id of the primary key cannot be excluded", "Clients could not tell the rows apart."},
		{
			`'fine', audience => 'user_id'`, "42703", "public.fine has no column user_id that says for whom a row is",
			"Name one that PostgreSQL shows triggers, --audience user_id; or none, --audience \"\", if rows are for the whole tenant.",
		},
		{
			`'badtype', tenant_column => 'id', audience => 'Odd'`, "42804", `column "Odd" of public.badtype has type jsonb`,
			"It is compared with the subject of tokens: a uuid, text, varchar, smallint, integer or bigint.",
		},
		{
			`'fine', audience => 'late', exclude => '{late}'`, "22023", "column late says for whom a row is, so it cannot be excluded",
			"Leave it out of the list of excluded columns, or give another: --audience.",
		},
		{`'fine', name => 'doc'`, "42710", "the name 'doc' is taken by another watched table", "Choose another with --name."},
	} {
		err := refused(t, d.Conn, `select rowcast.watch(`+test.call+`)`)
		if err.Code != test.code || err.Message != test.message || err.Hint != test.hint {
			t.Errorf("watch(%s): %s %q hint %q", test.call, err.Code, err.Message, err.Hint)
		}
	}
	if err := refused(t, d.Conn, `select rowcast.watch('nosuch')`); err.Code != "42P01" {
		t.Errorf("watch of no table: %v", err)
	}
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.watched`); n != 2 {
		t.Errorf("%d tables are watched after refusals; want 2", n)
	}
}

// TestAudienceBelongsToTheTable: for whom rows are holds under any name, while the table
// is not watched, and where only the triggers know of it; and each change of it is a new
// version of the rules.
func TestAudienceBelongsToTheTable(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.Exec(t, `create table notes (id int primary key, tenant_id text, user_id bigint, other uuid)`)
	version := pgtest.Query[int](t, d.Conn, `select version from rowcast.rules`)
	for _, step := range []struct {
		do, audience, kind string
		versions           int
	}{
		{`select rowcast.watch('notes')`, "", "text", 0},
		{`select rowcast.watch('notes', audience => 'user_id')`, "user_id", "integer", 1},
		{`select rowcast.watch('notes', exclude => '{other}')`, "user_id", "integer", 0},
		{`select rowcast.watch('notes', name => 'memo')`, "user_id", "integer", 0},
		{`select rowcast.unwatch('notes')`, "user_id", "integer", 0},
		{`select rowcast.watch('notes', exclude => '{}')`, "user_id", "integer", 0},
		{`select rowcast.watch('notes', audience => 'other')`, "other", "uuid", 1},
		{`delete from rowcast.watched w where w.table_name = 'notes'; select rowcast.find_watched()`, "other", "uuid", 0},
		{`alter table notes alter other type json using to_json(other)`, "other", "other", 0},
		{`alter table notes rename column other to another`, "other", "text", 0},
		{`select rowcast.watch('notes', audience => '')`, "", "text", 1},
	} {
		d.Exec(t, step.do)
		version += step.versions
		got := pgtest.Column[string](t, d.Conn, `select distinct coalesce(audience, '') || ' ' || kind from (`+sql.Watched+`) w (id, table_name, name, relation, audience, kind) where table_name = 'notes'`)
		if want := []string{step.audience + " " + step.kind}; !slices.Equal(got, want) {
			t.Errorf("after %s: %q, want %q", step.do, got, want)
		}
		if now := pgtest.Query[int](t, d.Conn, `select version from rowcast.rules`); now != version {
			t.Errorf("after %s the rules have version %d, want %d", step.do, now, version)
		}
		if drift := pgtest.Column[string](t, d.Conn, `select detail from rowcast.trigger_drift()`); len(drift) > 0 {
			t.Errorf("after %s: %q", step.do, drift)
		}
	}
}

// TestAudienceOutlivesNames: for whom the logged rows of a table are holds when it is
// renamed, moved or dropped, whatever gets its name, and whatever else is watched.
func TestAudienceOutlivesNames(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]string{
		"renamed, then set": {`select rowcast.watch('notes')`, `alter table notes rename to memos`, `select rowcast.watch('memos')`, `select rowcast.watch('sheets')`, `select rowcast.watch('memos', audience => 'user_id')`, `select rowcast.watch('sheets')`},
		"renamed, like others": {
			`select rowcast.watch('notes', audience => 'user_id')`, `alter table notes rename to memos`, `select rowcast.watch('memos')`,
			`select rowcast.watch('sheets')`, `alter table sheets rename to pages`, `select rowcast.watch('pages')`, `select rowcast.watch('pages')`,
		},
		"moved":     {`select rowcast.watch('notes', audience => 'user_id')`, `alter table notes set schema other`, `select rowcast.watch('other.notes', name => 'memo')`, `select rowcast.watch('sheets')`},
		"unwatched": {`select rowcast.watch('notes', audience => 'user_id')`, `select rowcast.unwatch('notes')`, `alter table notes rename to memos`, `select rowcast.watch('sheets')`, `select rowcast.watch('memos')`},
		"dropped":   {`select rowcast.watch('notes', audience => 'user_id')`, `drop table notes`, `create table notes (id int primary key, tenant_id text)`, `select rowcast.watch('notes')`, `select rowcast.watch('sheets')`},
		"dropped, and followed": {
			`select rowcast.watch('notes', audience => 'user_id')`, `drop table notes`, `select rowcast.follow_names()`,
			`create table notes (id int primary key, tenant_id text)`, `select rowcast.watch('notes')`, `select rowcast.watch('sheets')`,
		},
		"swapped": {
			`select rowcast.watch('notes', audience => 'user_id')`, `alter table notes rename to former`, `create table notes (id int primary key, tenant_id text, user_id text)`,
			`select rowcast.follow_names()`, `select rowcast.watch('notes', audience => '')`, `select rowcast.watch('sheets')`,
		},
	} {
		d := newDatabase(t)
		d.Exec(t, `create schema other; create table notes (id int primary key, tenant_id text, user_id text); create table sheets (id int primary key, tenant_id text)`)
		for i, step := range steps {
			d.Exec(t, step)
			if i == 0 {
				d.Exec(t, `insert into notes values (1, 'T', 'ann')`)
			}
		}
		got := pgtest.Column[string](t, d.Conn, `select coalesce(w.audience, '') from rowcast.log l join (`+sql.Watched+`) w (id, table_name, name, relation, audience, kind) on w.id = l.watched`)
		if want := []string{"user_id"}; !slices.Equal(got, want) {
			t.Errorf("%s: the logged row is for whom %q says, want %q", name, got, want)
		}
	}
}

func TestTenantTypes(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create domain account as bigint`, `create domain key_account as account`, `delete from rowcast.log`)
	for kind, value := range map[string]string{
		"uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "text": "T é", "varchar(20)": "T", "smallint": "-7", "integer": "2147483647",
		"bigint": "9223372036854775807", "account": "12", "key_account": "13",
	} {
		d.Exec(t, `create table own (id int primary key, t `+kind+` not null)`, `select rowcast.watch('own', 't')`,
			`insert into own values (1, '`+value+`')`, `insert into own values (2, '`+value+`'), (3, '`+value+`')`,
			`insert into own select n, '`+value+`' from generate_series(4, 100) n`, `update own set id = -id where id < 3`,
			`update own set id = -id where id > 2`, `drop table own`)
		if got := pgtest.Column[string](t, d.Conn, `delete from rowcast.log returning tenant`); len(got) < 5 || got[0] != value || got[len(got)-1] != value {
			t.Errorf("tenants of type %s are %q; want %s", kind, got, value)
		}
	}
}

func TestWatchAgainChangesSettings(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `alter table docs add column account text`)
	id := pgtest.Query[int](t, d.Conn, `select id from rowcast.watched`)
	if again := pgtest.Query[int](t, d.Conn, `select rowcast.watch('docs', tenant_column => 'account', name => 'doc', exclude => '{body}')`); again != id {
		t.Errorf("watched again as %d; want %d", again, id)
	}
	d.Exec(t, `insert into docs values (1, 'T', 'one', 'A')`)
	d.wantLog(t, `i A (1,T,A)`)
	if got := pgtest.Query[string](t, d.Conn, `select concat_ws(' ', name, tenant_column, exclude, active) from rowcast.watched`); got != "doc account {body} t" {
		t.Errorf("settings are %s", got)
	}

	// Another name is for what follows: servers that read the log later give
	// what is in it the name that it had.
	d.Exec(t, `select rowcast.watch('docs', 'tenant_id', 'docs', '{}')`, `insert into docs values (2, 'T', 'two', 'A')`)
	d.wantLog(t, `i A (1,T,A)`, `i T (2,T,two,A)`)

	// What is not given stays.
	d.Exec(t, `select rowcast.watch('docs', exclude => '{body}')`, `select rowcast.watch('docs')`)
	if got := pgtest.Query[string](t, d.Conn, `select concat_ws(' ', name, tenant_column, exclude) from rowcast.watched where active`); got != "docs tenant_id {body}" {
		t.Errorf("settings are %s", got)
	}
	if got := pgtest.Query[string](t, d.Conn, `
		select string_agg(w.name || ' ' || w.active, ', ' order by l.id) from rowcast.log l join rowcast.watched w on w.id = l.watched`); got != "doc false, docs true" {
		t.Errorf("the names of the log are %s", got)
	}
}

func TestStems(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for table, want := range map[string]string{
		"orders": "order", "purchase_orders": "purchase-order", "stock_movements": "stock-movement", "skus": "sku",
		"invoices": "invoices", "order_items": "order-items", "Weird Table!": "weird-table", "_private": "private",
	} {
		if got := pgtest.Query[string](t, d.Conn, `select rowcast.stem($1)`, table); got != want {
			t.Errorf("the stem of %s is %s; want %s", table, got, want)
		}
	}
}

func TestUnwatch(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, partitioned...)
	d.Exec(t, `insert into events values (1, 's', 'T', 1)`, `create trigger users_own before update on events for each row execute function suppress_redundant_updates_trigger()`)
	before := d.log(t)
	if !pgtest.Query[bool](t, d.Conn, `select rowcast.unwatch('events')`) || pgtest.Query[bool](t, d.Conn, `select rowcast.unwatch('events')`) {
		t.Error("unwatch says the opposite of what it did")
	}
	left := pgtest.Column[string](t, d.Conn, `select distinct tgname::text from pg_trigger where tgrelid in (select relid from pg_partition_tree('events'))`)
	if diff := cmp.Diff([]string{"users_own"}, left); diff != "" {
		t.Errorf("triggers left (-want +got):\n%s", diff)
	}
	d.Exec(t, `insert into events values (2, 's', 'T', 2)`, `update events set day = 3`, `insert into events_2 (id, tenant_id, day) values (3, 'T', 12)`,
		`truncate events`)
	if diff := cmp.Diff(before, d.log(t)); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
	d.wantSealed(t, "T 1 i")
	// Watched anew it gets a number of its own, and its name is free.
	d.Exec(t, `select rowcast.watch('docs', name => 'events')`, `select rowcast.watch('events', name => 'doc')`)
	d.Exec(t, `insert into events values (4, 's', 'T', 1)`)
	d.wantSealed(t, "T 1 i", "T 2 i")
}

// Triggers that were switched off, dropped or changed are put right.
func TestInstallTriggersRepairs(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.Exec(t, `alter table docs disable trigger all`, `alter table docs enable trigger all`, `drop trigger rowcast_delete on docs`,
		`alter table docs disable trigger rowcast_insert`)
	if made := pgtest.Query[int](t, d.Conn, `select rowcast.install_triggers(id) from rowcast.watched`); made != 8 {
		t.Errorf("%d triggers were repaired; want 8: all but update, which was as it should be", made)
	}
	if got := pgtest.Query[string](t, d.Conn, `select string_agg(tgname || ' ' || tgenabled::text, ', ' order by tgname) from pg_trigger where tgrelid = 'docs'::regclass`); got !=
		"rowcast_begin_delete A, rowcast_begin_insert A, rowcast_begin_update A, rowcast_close R, rowcast_delete O, rowcast_insert O, rowcast_replicated R, rowcast_truncate A, rowcast_update O" {
		t.Errorf("triggers are %s", got)
	}
}
