package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// Sessions with cached plans go on writing while the table is altered.
func TestDefinitionChangesWhileWatching(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table odd (id int primary key, tenant_id text, a int, b text)`, `select rowcast.watch('odd', name => 'odd')`)
	other := d.Connect(t)
	n := 0
	write := func(table string, columns string, values string) {
		t.Helper()
		for range 3 {
			n += 2
			d.Exec(t, fmt.Sprintf(`insert into %s (id, %s) values (%d, %s)`, table, columns, n, values),
				fmt.Sprintf(`insert into %s (id, %s) select g, %s from generate_series(1000 + %d, 1001 + %[4]d) g`, table, columns, values, 1000*n),
				fmt.Sprintf(`update %s set id = -id where id >= %d`, table, n))
		}
	}
	last := func(want string) {
		t.Helper()
		for _, at := range []string{"after", "before"} {
			for _, image := range pgtest.Column[string](t, d.Conn, `
				select `+at+`[cardinality(`+at+`)]::text from rowcast.log where op = 'u' order by id desc limit 1`) {
				_, row, _ := strings.Cut(image, ",")
				if row != want {
					t.Errorf("%s is {…,%s; want {…,%s", at, row, want)
				}
			}
		}
	}
	write("odd", "tenant_id, a, b", "'T', 1, 'x'")
	last(`"tenant_id":"T","a":1,"b":"x"}`)
	pgtest.Exec(t, other, `alter table odd add column c jsonb default '{}'`)
	write("odd", "tenant_id, a, b", "'T', 1, 'x'")
	last(`"tenant_id":"T","a":1,"b":"x","c":{}}`)
	pgtest.Exec(t, other, `alter table odd drop column a`)
	write("odd", "tenant_id, b", "'T', 'x'")
	last(`"tenant_id":"T","b":"x","c":{}}`)
	pgtest.Exec(t, other, `alter table odd rename column b to "B b"`)
	write("odd", `tenant_id, "B b"`, "'T', 'x'")
	last(`"tenant_id":"T","B b":"x","c":{}}`)
	pgtest.Exec(t, other, `alter table odd alter column "B b" type int using 7`)
	write("odd", `tenant_id, "B b"`, "'T', 8")
	last(`"tenant_id":"T","B b":8,"c":{}}`)
	pgtest.Exec(t, other, `alter table odd rename to renamed`)
	write("renamed", `tenant_id, "B b"`, "'T', 8")
	last(`"tenant_id":"T","B b":8,"c":{}}`)
	pgtest.Exec(t, other, `alter table renamed rename column tenant_id to account`)
	write("renamed", `account, "B b"`, "'T', 8")
	last(`"account":"T","B b":8,"c":{}}`)
	pgtest.Migrate(t, d.DSN)
	if got := pgtest.Query[string](t, d.Conn, `select tenant_column from rowcast.watched where name = 'odd'`); got != "account" {
		t.Errorf("after migrating the tenant column is %s", got)
	}
	write("renamed", `account, "B b"`, "'T', 8")
	pgtest.Exec(t, other, `alter table renamed alter column account type varchar(20)`)
	write("renamed", `account, "B b"`, "'T', 8")
	last(`"account":"T","B b":8,"c":{}}`)
	if got, want := pgtest.Query[int](t, d.Conn, `select sum(rows) from rowcast.log where op = 'i' and tenant = 'T'`), 9*3*3; got != want {
		t.Errorf("%d inserts were captured; want %d", got, want)
	}
	pgtest.Exec(t, other, `drop table renamed`)
	d.seal(t)
	if got, want := pgtest.Query[int](t, d.Conn, `select sum(rows) from rowcast.sealed where tenant = 'T'`), 2*9*3*3; got < want-9*3 {
		t.Errorf("%d changes are readable after the table was dropped; want %d", got, want)
	}
	if _, err := (&postgres.Migrator{URL: d.DSN, Log: logger(t)}).Up(t.Context()); err != nil {
		t.Errorf("migrate after the table was dropped: %v", err)
	}
}

// A new column with the name of the tenant column takes its place.
func TestTenantColumnReplaced(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`alter table docs add column tenant uuid`, `insert into docs values (1, '7', 'one', '00000000-0000-0000-0000-000000000007')`,
		`delete from rowcast.log`,
		`begin`, `alter table docs rename tenant_id to old_tenant`, `alter table docs rename tenant to tenant_id`, `commit`,
		`update docs set body = 'uno'`)
	const seven = `00000000-0000-0000-0000-000000000007`
	d.wantLog(t, `u `+seven+` (1,7,uno,`+seven+`)<(1,7,one,`+seven+`)`)
	// With both columns gone nobody can be told, and a change without its
	// record is worse than a refused one.
	d.Exec(t, `alter table docs drop column tenant_id, drop column old_tenant`)
	for _, statement := range []string{
		`update docs set body = 'x'`, `insert into docs values (2, 'two')`, `insert into docs values (2, '2'), (3, '3')`, `delete from docs`,
	} {
		err := refused(t, d.Conn, statement)
		if err.Message != "the tenant column tenant_id of public.docs is gone, so its changes belong to nobody" ||
			err.Hint != "Run select rowcast.watch('public.docs', tenant_column => ...) or select rowcast.unwatch('public.docs')." {
			t.Errorf("%s: %v, hint %q", statement, err, err.Hint)
		}
	}
	d.Exec(t, `select rowcast.unwatch('docs')`, `delete from docs`)
}

// Excluded columns stay so when they are renamed, and when another column
// takes the name.
func TestExcludedColumnRenamed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table people (id int primary key, tenant_id text, secret text)`,
		`select rowcast.watch('people', exclude => '{secret}')`)
	write := func() {
		t.Helper()
		for _, role := range []string{"origin", "replica"} {
			d.Exec(t, `set session_replication_role = `+role, `truncate people`, `insert into people select 1, 'T', 'hidden'`,
				`insert into people select g, 'T', 'hidden', 'hidden' from generate_series(2, 3) g`,
				`insert into people select g, 'T', 'hidden', 'hidden' from generate_series(4, 100) g`,
				`update people set id = -id where id = 1`, `update people set id = -id where id > 1`, `delete from people`)
		}
		d.Exec(t, `reset session_replication_role`)
		if leaked := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.log l where l::text ~ 'hidden'`); leaked > 0 {
			t.Errorf("%d log rows have what is excluded", leaked)
		}
		if got := pgtest.Query[int](t, d.Conn, `select sum(rows) from rowcast.log where op <> 't'`); got != 600 {
			t.Errorf("the log has %d rows; want 600", got)
		}
		d.Exec(t, `delete from rowcast.log`)
	}
	d.Exec(t, `alter table people rename secret to secret_old`, `alter table people add column secret text`)
	write()
	pgtest.Migrate(t, d.DSN)
	write()
	d.Exec(t, `alter table people rename secret to s3`)
	write()
	pgtest.Migrate(t, d.DSN)
	if got := pgtest.Query[string](t, d.Conn, `select exclude::text from rowcast.watched where name = 'people'`); got != "{secret_old,s3}" {
		t.Errorf("excluded are %s", got)
	}
	write()
}
