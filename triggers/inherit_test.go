package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// inheritance is what is said of watched tables that inherit, or are inherited from.
func (d *database) inheritance(t *testing.T) []string {
	t.Helper()
	return pgtest.Column[string](t, d.Conn, `select case when fails then 'fails: ' else '' end || table_name || ': ' || detail from rowcast.inheritance()`)
}

// A statement is captured as one of the table that it names. What that leaves out is
// said, until what is named is done.
func TestInheritanceIsReported(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table memos (extra int, primary key (id)) inherits (docs)`, `create table letters (primary key (id)) inherits (memos)`)
	const silent = "statements that name a table which inherits from it are not captured unless that is watched, too: "
	want := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(d.inheritance(t), "\n")); diff != "" {
			t.Errorf("of inheritance it says (-want +got):\n%s", diff)
		}
	}
	want("public.docs: " + silent + "public.letters, public.memos")
	write := []string{
		`insert into memos values (1, 'T', 'memo', 7)`, `insert into letters values (2, 'T', 'letter', 8)`, `update memos set body = 'told'`,
		`update docs set body = upper(body)`, `delete from memos where id = 2`, `delete from docs`,
	}
	d.Exec(t, write...)
	d.wantLog(t, `u T (1,T,TOLD)(2,T,TOLD)<(1,T,told)(2,T,told)`, `d T <(1,T,TOLD)`)

	var said []string
	config := d.Conn.Config().Copy()
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { said = append(said, n.Severity+" "+n.Message) }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	pgtest.Exec(t, conn, `select rowcast.watch('memos')`)
	if diff := cmp.Diff([]string{"WARNING public.memos: " + silent + "public.letters"}, said); diff != "" {
		t.Errorf("watch says (-want +got):\n%s", diff)
	}
	pgtest.Exec(t, conn, `select rowcast.watch('letters')`)
	want()
	d.Exec(t, `delete from rowcast.log`)
	d.Exec(t, write...)
	d.wantLog(t, `i T (1,T,memo,7)`, `i T (2,T,letter,8)`, `u T (1,T,told,7)(2,T,told,8)<(1,T,memo,7)(2,T,letter,8)`,
		`u T (1,T,TOLD)(2,T,TOLD)<(1,T,told)(2,T,told)`, `d T <(2,T,TOLD,8)`, `d T <(1,T,TOLD)`)

	d.Exec(t, `select rowcast.unwatch('docs')`)
	const above = "statements that name a table from which it inherits are not captured unless that is watched, too: "
	want("public.letters: "+above+"public.docs", "public.memos: "+above+"public.docs")
	d.Exec(t, `alter table memos no inherit docs`)
	want()
}

// A foreign table that inherits would make writers fail: PostgreSQL does not collect
// its rows for a trigger.
func TestForeignTableThatInherits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create extension postgres_fdw`, `create table remote (id int, tenant_id text, body text)`)
	config := d.Conn.Config()
	d.Exec(t, fmt.Sprintf(`create server near foreign data wrapper postgres_fdw options (host '%s', port '%d', dbname '%s')`, config.Host, config.Port, config.Database),
		`create user mapping for current_user server near options (user '`+config.User+`', password_required 'false')`,
		`create foreign table far (id int, tenant_id text, body text) inherits (docs) server near options (table_name 'remote')`,
		`insert into remote values (1, 'T', 'far')`, `insert into docs values (2, 'T', 'near')`)
	if said := d.inheritance(t); len(said) != 1 || !strings.HasPrefix(said[0], "fails: public.docs: updates and deletes through it fail when they reach a foreign table that inherits from it: public.far") {
		t.Errorf("of inheritance it says %v", said)
	}
	for _, statement := range []string{`update docs set body = 'x'`, `delete from docs`} {
		if err := refused(t, d.Conn, statement); !strings.Contains(err.Message, "child foreign tables") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	d.Exec(t, `update only docs set body = 'alone'`)
	d.wantLog(t, `i T (2,T,near)`, `u T (2,T,alone)<(2,T,near)`)
	d.Exec(t, `select rowcast.unwatch('docs')`, `update docs set body = 'both'`)
	if err := refused(t, d.Conn, `select rowcast.watch('docs')`); err.Message != "a foreign table inherits from public.docs" || err.Code != "42809" {
		t.Errorf("watch says %v", err)
	}
	d.Exec(t, `alter foreign table far no inherit docs`, `select rowcast.watch('docs')`, `update docs set body = 'alone'`)
}
