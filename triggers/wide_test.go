package triggers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/test/pgtest"
)

// wholeOld gives the old row of an update the columns that are in the new row alone.
func wholeOld(before, after string) (string, error) {
	if before == "" || after == "" {
		return before, nil
	}
	old, err := fields(before)
	if err != nil {
		return "", err
	}
	row, err := fields(after)
	if err != nil || len(row) == len(old) {
		return before, err
	}
	text := strings.Builder{}
	for i, m := range row {
		for _, o := range old {
			if o.name == m.name {
				m.value = o.value
			}
		}
		name := bytes.Buffer{}
		e := json.NewEncoder(&name)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.name); err != nil {
			return "", fmt.Errorf("write the column %s: %w", m.name, err)
		}
		fmt.Fprintf(&text, "%s%s:%s", map[bool]string{true: "{", false: ","}[i == 0], bytes.TrimSpace(name.Bytes()), m.value)
	}
	return text.String() + "}", nil
}

// Of an update of wide rows, the old ones are logged without the columns that the
// update has left as they were, by whatever way; unless a row moves to another tenant,
// or the statement has to be put in order. A row of which nothing changes is not logged.
func TestOldRowsLackWhatIsInTheNew(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table wide (id int primary key, tenant_id text, word text, doc text, more jsonb)`,
		`create table tall (id int primary key, tenant_id text, word text, doc text, more jsonb, secret text)`,
		`create table parts (id int, tenant_id text, word text, doc text, more jsonb, primary key (id, tenant_id)) partition by hash (id)`,
		`create table parts_0 partition of parts for values with (modulus 2, remainder 0)`,
		`create table parts_1 (more jsonb, doc text, gone int, word text, tenant_id text not null, id int not null)`,
		`alter table parts_1 drop column gone`, `alter table parts attach partition parts_1 for values with (modulus 2, remainder 1)`,
		`select rowcast.watch('wide'), rowcast.watch('tall', exclude => '{secret}'), rowcast.watch('parts')`)
	for _, table := range []string{"wide", "tall", "parts"} {
		d.Exec(t, fmt.Sprintf(`insert into %s (id, tenant_id, word, doc, more) select n, 'T', 'w', repeat('x', 50000), jsonb_build_object('n', repeat('y', 50000)) from generate_series(1, 4) n`, table))
		for _, c := range []struct{ statement, want string }{
			{`update %s set word = 'a' where id = 1`, "u word"},
			{`update %s set word = null, doc = 'short' where id = 1`, "u doc word"},
			{`update %s set doc = repeat('z', 60000), word = 'w' where id = 1`, "u doc word"},
			{`update %s set more = '{}' where id = 1`, "u more"},
			{`update %s set more = jsonb_build_object('n', repeat('y', 50000)) where id = 1`, "u more"},
			{`update %s set word = word where id = 1`, ""},
			{`update %s set doc = doc, more = more`, ""},
			{`update %s set word = 'b'`, "u word | u word | u word | u word"},
			{`update %s set word = case id when 1 then word else 'c' end`, "u word | u word | u word"},
			{`update %s set tenant_id = 'U' where id = 1`, "d doc id more tenant_id word | i"},
			{`update %s set tenant_id = 'T' where id = 1`, "d doc id more tenant_id word | i"},
			{`update %s set id = 10 - id where id in (1, 2)`, "u id | u id"},
			{`update %s set id = 10 - id where id = 8`, "u id"},
			{`begin isolation level repeatable read; update %s set word = 'd' where id = 2; commit`, "u word"},
			{`begin isolation level serializable; update %s set word = 'f'; commit`, "u doc id more tenant_id word | u doc id more tenant_id word | u doc id more tenant_id word | u doc id more tenant_id word"},
			{`begin; set local timezone = 'Asia/Tokyo'; update %s set word = 'e' where id = 2; commit`, "u word"},
		} {
			t.Run(table, func(t *testing.T) {
				statement := fmt.Sprintf(c.statement, table)
				d.Exec(t, `delete from rowcast.log`, statement)
				got := pgtest.Column[string](t, d.Conn, `
					select concat_ws(' ', l.op, (select string_agg(k, ' ' order by k) from json_object_keys(r.before) k))
					  from rowcast.log l cross join lateral unnest(l.after, l.before) r (after, before) order by l.id`)
				if diff := cmp.Diff(c.want, strings.Join(got, " | ")); diff != "" {
					t.Errorf("%s: the columns of the old rows differ (-want +got):\n%s", statement, diff)
				}
			})
		}
		d.Exec(t, `delete from rowcast.log`,
			fmt.Sprintf(`create function again_%[1]s() returns trigger language plpgsql as $$ begin update %[1]s set word = 'again' where id = new.id; return null; end $$`, table),
			fmt.Sprintf(`create trigger again after update on %[1]s for each row when (new.word = 'once') execute function again_%[1]s()`, table),
			fmt.Sprintf(`update %s set word = 'once' where id = 2`, table))
		if got := pgtest.Column[int](t, d.Conn, `select (select count(*) from json_object_keys(before[1])) from rowcast.log`); len(got) != 2 || got[0] != 5 || got[1] != 5 {
			t.Errorf("%s: the old rows of two updates, of which one led to the other, have %v columns", table, got)
		}
		for _, part := range pgtest.Column[string](t, d.Conn, `select c.oid::regclass::text from pg_class c where c.relkind = 'r' and c.relname ~ ('^' || $1)`, table) {
			d.Exec(t, `alter table `+part+` alter doc set storage external`)
		}
		d.Exec(t, fmt.Sprintf(`insert into %s (id, tenant_id, word, doc) select n, 'T', 'w', repeat('x', 50000) from generate_series(11, 70) n`, table), `analyze`)
		if said := strings.Join(pgtest.Column[string](t, d.Conn, `select detail from rowcast.wide_rows() where table_name = 'public.' || $1`, table), ""); !strings.Contains(said, "kB outside of itself, in columns such as word, doc, more: ") {
			t.Errorf("%s: of wide rows it says %q", table, said)
		}
		if wrong := pgtest.Column[string](t, d.Conn, `select v::text from rowcast.verify($1::text::regclass) v where v.different > 0`, table); len(wrong) > 0 {
			t.Errorf("%s: %v", table, wrong)
		}
	}
}
