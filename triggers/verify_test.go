package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
)

// verified is what verify says: of each tenant the rows in the log, in the table,
// the unknown ones, and the differences. It checks the fingerprints.
func (d *database) verified(t testing.TB, table string) []string {
	t.Helper()
	wrong := pgtest.Column[string](t, d.Conn, fmt.Sprintf(`select tenant from rowcast.verify('%s') where (log_fingerprint = table_fingerprint) <> (different = 0)
		or different <> cardinality(differences)`, table))
	if len(wrong) > 0 {
		t.Errorf("the fingerprints of %q are not what the differences say", wrong)
	}
	return pgtest.Column[string](t, d.Conn, fmt.Sprintf(`select concat_ws(' ', tenant, log_rows, table_rows, unknown, nullif(array_to_string(differences, ', '), '')) from rowcast.verify('%s')`, table))
}

func (d *database) wantVerified(t testing.TB, table string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(d.verified(t, table), "\n")); diff != "" {
		t.Errorf("verify says (-want +got):\n%s", diff)
	}
}

// silently changes a table without capture.
func (d *database) silently(t testing.TB, statements ...string) {
	t.Helper()
	d.Exec(t, `select rowcast.pause('a test')`)
	d.Exec(t, statements...)
	d.Exec(t, `select rowcast.resume()`)
}

// Whatever statements made it, the log knows the present state.
func TestVerifyAgrees(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"nothing":           {},
		"every kind":        {`insert into docs values (1, 'T', 'a'), (2, 'U', 'b'), (3, null, 'c')`, `update docs set body = body || '!'`, `delete from docs where id = 2`},
		"truncated":         {`insert into docs values (1, 'T', 'a')`, `truncate docs`, `insert into docs values (2, 'T', 'b')`},
		"one transaction":   {`begin`, `insert into docs values (1, 'T', 'a')`, `truncate docs`, `insert into docs values (1, 'T', 'b')`, `update docs set body = 'c'`, `commit`},
		"keys shifted":      {`insert into docs select n, 'T', n from generate_series(1, 3000) n`, `update docs set id = -id`, `update docs set id = 1 - id where id < -100`},
		"moved":             {`insert into docs values (1, 'T', 'a')`, `update docs set tenant_id = 'U'`, `update docs set tenant_id = null`, `update docs set tenant_id = 'T'`},
		"deleted and again": {`insert into docs values (1, 'T', 'a')`, `with gone as (delete from docs returning *) select 1 from gone`, `insert into docs values (1, 'U', 'b')`},
		"sealed and rotated": {
			`insert into docs values (1, 'T', 'a')`, `select rowcast.seal()`, `select rowcast.rotate('0', 0)`, `update docs set body = 'b'`,
		},
		"replayed":        {`insert into docs values (1, 'T', 'a')`, `select rowcast.seal()`, `update docs set body = 'b'`, `select rowcast.replay('T', 1, 1)`},
		"settings differ": {`set timezone = 'Asia/Tokyo'`, `set extra_float_digits = 0`, `insert into odd (id, tenant_id) values (1, 'T')`, `set timezone = 'UTC'`, `update odd set f = 0.1 + f`},
		"escapes":         {`insert into odd values (1, 'T', '{"a":"\\u0000"}'), (2, 'T', '"\u00e9"')`, `update odd set doc = '"\u0000\u0000\\\\u0001"' where id = 1`},
		"column added":    {`insert into odd (id, tenant_id) values (1, 'T')`, `alter table odd add column later int default 3`},
		"column dropped":  {`insert into odd (id, tenant_id) values (1, 'T')`, `alter table odd drop column f`},
		"nested": {
			`create function again() returns trigger language plpgsql as $$ begin update docs set body = 'derived' where id = new.id; return null; end $$`,
			`create trigger again after insert on docs for each row execute function again()`, `insert into docs values (1, 'T', 'base')`,
		},
		"excluded": {`alter table odd add column secret text default 'x'`, `select rowcast.watch('odd', exclude => '{secret}')`, `insert into odd (id, tenant_id) values (1, 'T')`, `update odd set secret = 'y'`},
		"two columns in the key": {
			`create table pairs (a text, tenant_id int, n numeric, primary key (a, tenant_id))`, `select rowcast.watch('pairs')`,
			`insert into pairs values ('x,"y', 1, 1.10), ('x', 2, 2), ('', 2, 3)`, `update pairs set a = 'z' where n = 2`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, `create table odd (id int primary key, tenant_id text, doc json, at timestamptz default '2026-01-02 03:04:05+00', f float8 default 0.2)`, `select rowcast.watch('odd')`)
			d.Exec(t, statements...)
			for _, table := range pgtest.Column[string](t, d.Conn, `select relation::regclass::text from rowcast.watched where active`) {
				rows := map[string]int{}
				for _, line := range d.verified(t, table) {
					var tenant string
					var inLog, inTable, unknown int
					if n, err := fmt.Sscan(line, &tenant, &inLog, &inTable, &unknown); n != 4 || err != nil || inLog != inTable || unknown != 0 || strings.Count(line, " ") != 3 {
						t.Errorf("%s: %s", table, line)
					}
					rows[tenant] = inTable
				}
				for _, line := range pgtest.Column[string](t, d.Conn, `select tenant_id || ' ' || count(*) from `+table+` where tenant_id is not null group by tenant_id`) {
					tenant, count, _ := strings.Cut(line, " ")
					if fmt.Sprint(rows[tenant]) != count {
						t.Errorf("%s has %s rows of %s; verify counts %d", table, count, tenant, rows[tenant])
					}
				}
			}
		})
	}
}

func TestVerifyNamesTheDifferences(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs select n, 'T', 'one' from generate_series(1, 6) n`, `delete from docs where id = 6`, `insert into docs values (7, 'U', 'one')`)
	d.silently(t, `delete from docs where id = 1`, `update docs set body = 'two' where id = 2`, `update docs set tenant_id = 'U' where id = 3`,
		`insert into docs values (6, 'T', 'again')`, `insert into docs values (8, 'T', 'never seen')`)
	d.wantVerified(t, "docs", "T 4 4 1 1: in the log, not in the table, 2: differs in body, 6: in the table, deleted in the log", "U 2 2 0 3: of tenant T in the log")
	// The first ones are named, all are counted, of one tenant if asked.
	got := pgtest.Column[string](t, d.Conn, `select concat_ws(' ', tenant, different, array_to_string(differences, ', ')) from rowcast.verify('docs', 'T', 1)`)
	if diff := cmp.Diff([]string{"T 3 1: in the log, not in the table"}, got); diff != "" {
		t.Error(diff)
	}
	if err := refused(t, d.Conn, `select rowcast.verify('pg_class')`); !strings.Contains(err.Message, "is not watched") {
		t.Errorf("a table that is not watched: %v", err)
	}
}

// Of what it cannot know it says so, and knows that a truncate leaves nothing.
func TestVerifyKnowsItsLimits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.silently(t, `insert into docs values (1, 'T', 'before'), (2, 'T', 'before'), (3, 'U', 'before')`)
	d.Exec(t, `update docs set body = 'known' where id = 1`)
	d.wantVerified(t, "docs", "T 1 1 1", "U 0 0 1")
	d.Exec(t, `truncate docs`)
	d.silently(t, `insert into docs values (4, 'T', 'unseen')`)
	d.wantVerified(t, "docs", "T 0 1 0 4: in the table, and not in the log since that was truncated")
	// Pruned changes are not known either.
	p := newDatabase(t, `insert into docs values (1, 'T', 'one')`)
	p.seal(t)
	p.rotate(t, true)
	p.Exec(t, `insert into docs values (2, 'T', 'two')`)
	p.seal(t)
	p.Exec(t, `select rowcast.prune('0')`, `select rowcast.empty_segments()`)
	p.wantVerified(t, "docs", "T 1 1 1")
}

// Writers go on while it looks: it sees a transaction in both, or in neither.
func TestVerifyBesideWriters(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs select n, 'T', '0' from generate_series(1, 20) n`)
	stop := make(chan struct{})
	done := make(chan error, 1)
	writer := d.Connect(t)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			_, err := writer.Exec(t.Context(), fmt.Sprintf(`begin; update docs set body = '%d'; delete from docs where id = %d; insert into docs values (%[2]d, 'T', 'new'); commit`, n, 1+n%20))
			if err != nil {
				done <- err
				return
			}
		}
	}()
	for range 20 {
		d.wantVerified(t, "docs", "T 20 20 0")
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
