package triggers_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// selectable are the columns of a table that a role may select.
func (d *database) selectable(t *testing.T, role, table string) string {
	t.Helper()
	return strings.Join(pgtest.Column[string](t, d.Conn, `
		select a.attname from pg_attribute a
		 where a.attrelid = to_regclass($2) and a.attnum > 0 and not a.attisdropped and has_column_privilege($1, a.attrelid, a.attnum, 'select') order by a.attnum`, role, table), " ")
}

// TestReadable: a table that is opened gives the service roles the columns that are not
// excluded, whatever becomes of either, and nothing else is given. What closes it takes that.
func TestReadable(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"readable_service": "login noinherit", "readable_later": "login noinherit", "readable_app": "login"})
	d := newDatabase(t)
	d.Exec(t, `select rowcast.grant_service('readable_service')`,
		`create schema shop`, `create table shop.sales (id int primary key, tenant_id text, total int, secret text)`, `select rowcast.watch('shop.sales', name => 'sale')`)
	for _, step := range []struct{ do, table, want string }{
		{`select 1`, "shop.sales", ""},
		{`select rowcast.watch('shop.sales', readable => true)`, "shop.sales", "id tenant_id total secret"},
		{`select rowcast.watch('shop.sales', exclude => '{secret}')`, "shop.sales", "id tenant_id total"},
		{`alter table shop.sales rename secret to hidden`, "shop.sales", "id tenant_id total"},
		{`alter table shop.sales add column more int`, "shop.sales", "id tenant_id total"},
		{`select rowcast.watch('shop.sales', exclude => '{hidden}')`, "shop.sales", "id tenant_id total more"},
		{`select rowcast.watch('shop.sales', name => 'deal')`, "shop.sales", "id tenant_id total more"},
		{`select rowcast.grant_service('readable_later')`, "shop.sales", "id tenant_id total more"},
		{`alter table shop.sales rename to former; create table shop.sales (id int primary key, tenant_id text, hidden text); select rowcast.follow_names()`, "shop.sales", "id tenant_id"},
		{`select 1`, "shop.former", ""},
		{`select rowcast.watch('shop.sales', readable => false)`, "shop.sales", ""},
		{`select rowcast.watch('shop.sales', readable => true)`, "shop.sales", "id tenant_id"},
		{`select rowcast.unwatch('shop.sales')`, "shop.sales", ""},
		{`select rowcast.watch('shop.sales')`, "shop.sales", ""},
	} {
		if _, err := d.Conn.PgConn().Exec(t.Context(), step.do).ReadAll(); err != nil {
			t.Fatalf("%s: %v", step.do, err)
		}
		if got := d.selectable(t, "readable_service", step.table); got != step.want {
			t.Errorf("after %s the service may read %q of %s; want %q", step.do, got, step.table, step.want)
		}
		if got := d.selectable(t, "readable_app", step.table); got != "" {
			t.Errorf("after %s an application may read %q", step.do, got)
		}
		if strings.Contains(step.do, "grant_service") {
			if got := d.selectable(t, "readable_later", step.table); got != step.want {
				t.Errorf("a service role that came later may read %q", got)
			}
		}
	}
	d.Exec(t, `drop owned by readable_service`, `drop owned by readable_later`)
}

// TestReadableIsRefused: a table is not opened where a server would read past row
// security, or could not read.
func TestReadableIsRefused(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"refused_reader": "login", "refused_watcher": "login"})
	d := newDatabase(t)
	d.Exec(t, `select rowcast.grant_service('refused_reader')`, `create table secured (id int primary key, tenant_id text)`, `alter table secured enable row level security`, `select rowcast.watch('secured')`)
	const open = `select rowcast.watch('secured', readable => true)`
	if err := refused(t, d.Conn, open); err.Code != "55000" || err.Message != "public.secured has row security, and no policy covers it" || !strings.Contains(err.Hint, "rowcast policy apply") {
		t.Errorf("%v %s", err, err.Hint)
	}
	cover := []string{
		`insert into rowcast.policy (document, resolved, watched, relations, state) select 'x', 'x', array[w.id], array[w.relation], 'active' from rowcast.watched w where w.name = 'secured'`,
	}
	d.Exec(t, cover...)
	if err := refused(t, d.Conn, open); err.Code != "42501" || !strings.Contains(err.Message, "row security hides rows of public.secured from role refused_reader; a policy covers it, so run: alter role refused_reader bypassrls") {
		t.Error(err)
	}
	d.Exec(t, `alter role refused_reader bypassrls`, open, `update rowcast.policy set state = 'replaced'`)
	if why := pgtest.Query[string](t, d.Conn, `select rowcast.why_not_readable(w.id, 'refused_reader') from rowcast.watched w where w.name = 'secured'`); !strings.HasPrefix(why, "public.secured has row security, and no policy covers it") {
		t.Errorf("when the policy is gone: %q", why)
	}
	d.Exec(t, `drop owned by refused_reader`)
}
