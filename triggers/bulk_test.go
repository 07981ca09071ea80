package triggers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
)

// A statement with many rows is cut into chunks whose rows stay in order.
func TestChunks(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, test := range []struct {
		statement, op string
		from, rows    int
	}{
		{`insert into docs select n, case n % 5 when 0 then 'U' else 'T' end, repeat('x', 100) from generate_series(1, 5000) n`, "i", 1, 4000},
		{`update docs set id = id + 10000, body = repeat('y', 100)`, "u", 4001, 4000},
		{`delete from docs`, "d", 8001, 4000},
	} {
		d.Exec(t, `delete from rowcast.log`, test.statement)
		d.seal(t)
		type chunk struct {
			Rows, Position, StatementRows, StatementFrom int
			Bytes                                        int
		}
		rows, err := d.Conn.Query(t.Context(), `
			select s.rows, s.position, s.statement_rows, s.statement_from,
			       octet_length(array_to_string(coalesce(l.after, '{}') || coalesce(l.before, '{}'), ''))
			  from rowcast.sealed s join rowcast.log l on l.xid = s.xid and l.id = s.id
			 where s.tenant = 'T' and l.op = $1::text::"char" order by s.place`, test.op)
		if err != nil {
			t.Fatal(err)
		}
		next, chunks := test.from, 0
		var c chunk
		for rows.Next() {
			if err := rows.Scan(&c.Rows, &c.Position, &c.StatementRows, &c.StatementFrom, &c.Bytes); err != nil {
				t.Fatal(err)
			}
			chunks++
			next += c.Rows
			if c.Position != next-1 || c.StatementRows != test.rows || c.StatementFrom != test.from || c.Bytes > 66000 {
				t.Errorf("%s: chunk %d is %+v; want position %d", test.op, chunks, c, next-1)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if next != test.from+test.rows || chunks < 8 {
			t.Errorf("%s: %d chunks end at %d", test.op, chunks, next-1)
		}
		for _, tenant := range []string{"T", "U"} {
			if bad := pgtest.Query[int](t, d.Conn, `
				with row as (
					select (a ->> 'id')::int as id, (b ->> 'id')::int as old_id, a ->> 'tenant_id' as tenant,
					       lag((coalesce(a, b) ->> 'id')::int) over (order by l.id, n) as last
					  from rowcast.log l, unnest(after, before) with ordinality r (a, b, n) where l.tenant = $1)
				select count(*) filter (where coalesce(id, old_id) <= last or id <> old_id + 10000 or tenant <> $1) from row`, tenant); bad > 0 {
				t.Errorf("%s: %d rows of %s are out of order or in wrong pairs", test.op, bad, tenant)
			}
		}
	}
}

// Few rows, many rows and large rows go different ways through capture; what
// is logged must not depend on the way.
func TestEveryWayLogsTheSame(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table hidden (id int primary key, secret text, tenant_id text, body text, hint text)`,
		`select rowcast.watch('hidden', exclude => '{secret,hint}')`)
	for _, table := range []string{"docs", "hidden"} {
		for _, c := range []struct{ rows, bytes int }{
			{1, 1}, {1, 70000}, {2, 1}, {2, 40000}, {2, 70000}, {63, 1}, {64, 1}, {65, 1}, {300, 1}, {10, 7000}, {70, 2000},
		} {
			d.Exec(t, `delete from rowcast.log`,
				fmt.Sprintf(`insert into %s (id, tenant_id, body) select n, 'T' || n %% 3, repeat('a', %d) from generate_series(1, %d) n`,
					table, c.bytes, c.rows),
				fmt.Sprintf(`update %s set id = -id, tenant_id = 'T' || (case when id %% 7 = 0 then id + 1 else id end) %% 3`, table),
				fmt.Sprintf(`delete from %s`, table))
			var want []string
			for id := 1; id <= c.rows; id++ {
				row := func(id, tenant int) string {
					return fmt.Sprintf(`{"id":%d,"tenant_id":"T%d","body":"%s"}`, id, tenant%3, strings.Repeat("a", c.bytes))
				}
				want = append(want, fmt.Sprintf("i T%d %s ", id%3, row(id, id)))
				if id%7 == 0 {
					want = append(want,
						fmt.Sprintf("d T%d  %s", id%3, row(id, id)),
						fmt.Sprintf("i T%d %s ", (id+1)%3, row(-id, id+1)),
						fmt.Sprintf("d T%d  %s", (id+1)%3, row(-id, id+1)))
				} else {
					want = append(want,
						fmt.Sprintf("u T%d %s %s", id%3, row(-id, id), row(id, id)),
						fmt.Sprintf("d T%d  %s", id%3, row(-id, id)))
				}
			}
			rows, err := d.Conn.Query(t.Context(), `
				select concat_ws(' ', op, tenant), coalesce(a::text, ''), coalesce(b::text, '') from rowcast.log, unnest(after, before) r (a, b)`)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var line, row, old string
			if _, err := pgx.ForEachRow(rows, []any{&line, &row, &old}, func() error {
				old, err = wholeOld(old, row)
				got = append(got, line+" "+row+" "+old)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%d rows of %d bytes in %s: the log has %d rows, want %d", c.rows, c.bytes, table, len(got), len(want))
			}
		}
	}
}

// 400 MB of rows in one statement.
func TestLargeRowsInOneStatement(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `set work_mem = '1MB'`, `alter table docs alter body set storage external`,
		`alter table rowcast.log alter after set storage external`)
	d.Exec(t, `insert into docs select n, 'T', repeat(n || ' ', 1000000 / length(n || ' ')) from generate_series(1, 400) n`)
	d.seal(t)
	type sums struct{ rows, chunks, wrong, bytes, position int64 }
	var s sums
	if err := d.Conn.QueryRow(t.Context(), `
		select sum(l.rows), count(*), sum(octet_length(l.after::text)), max(s.position),
		       count(*) filter (where l.after[1]::text not like format('{"id":%1$s,"tenant_id":"T","body":"%1$s %1$s %%', s.position))
		  from rowcast.log l join rowcast.sealed s using (xid, id)`).Scan(&s.rows, &s.chunks, &s.bytes, &s.position, &s.wrong); err != nil {
		t.Fatal(err)
	}
	if s.rows != 400 || s.chunks != 400 || s.wrong != 0 || s.bytes < 400_000_000 || s.position != 400 {
		t.Errorf("the log has %+v", s)
	}
}

func TestExcludedColumns(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table people (id int primary key, password text, tenant_id text, name text, "Seen At" timestamptz)`,
		`select rowcast.watch('people', exclude => '{password,Seen At}')`)
	d.Exec(t,
		`insert into people values (1, 'hunter2', 'T', 'Ann', now())`,
		`insert into people select n, 'hunter2', 'T', 'n', now() from generate_series(2, 3) n`,
		`update people set password = 'hunter22' where id = 1`,
		`update people set password = 'hunter22', "Seen At" = null`,
		`update people set name = 'Anna', password = 'hunter23' where id = 1`,
		`update people set name = name || '!', password = 'hunter24'`,
		`update people set tenant_id = 'U' where id = 1`,
		`delete from people where id = 1`,
		`insert into people select n, 'hunter2', 'V', 'n', now() from generate_series(101, 200) n`,
		`update people set password = 'hunter25' where tenant_id = 'V'`,
		`delete from people where tenant_id = 'V' and id > 101`,
		`set session_replication_role = replica`,
		`update people set password = 'hunter26' where id = 101`,
		`delete from people where id = 101`)
	log := strings.Join(d.log(t), "\n")
	if strings.Contains(log, "hunter") || pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.log l where l::text ~ 'hunter|Seen|password'`) > 0 {
		t.Error("the log speaks of excluded columns")
	}
	lines := d.log(t)
	if len(lines) != 10 {
		t.Fatalf("the log has %d rows:\n%s", len(lines), log)
	}
	if diff := strings.Join(append(lines[:7:7], lines[9]), "\n"); diff != strings.Join([]string{
		`i T (1,T,Ann)`, `i T (2,T,n)(3,T,n)`, `u T (1,T,Anna)<(1,T,Ann)`,
		`u T (2,T,n!)(3,T,n!)(1,T,Anna!)<(2,T,n)(3,T,n)(1,T,Anna)`,
		`d T <(1,T,Anna!)`, `i U (1,U,Anna!)`, `d U <(1,U,Anna!)`, `d V <(101,V,n)`,
	}, "\n") {
		t.Errorf("the log is\n%s", diff)
	}
}

func TestTruncateReachesEveryKnownTenant(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table notes (id int primary key, doc int references docs, tenant_id text)`,
		`select rowcast.watch('notes')`)
	d.Exec(t, `truncate docs cascade`)
	d.wantLog(t, `t`, `t`)
	d.wantSealed(t) // nobody is known yet
	d.Exec(t, `insert into rowcast.tenant values ('joined')`, `insert into docs values (1, 'T', 'one')`)
	d.wantSealed(t, "T 1 t", "joined 1 t", "T 2 t", "joined 2 t", "T 3 i")
	d.Exec(t, `truncate docs, notes`, `insert into docs values (2, 'new', 'two')`)
	d.wantSealed(t, "T 1 t", "joined 1 t", "T 2 t", "joined 2 t", "T 3 i",
		"T 4 t", "joined 3 t", "new 1 t", "T 5 t", "joined 4 t", "new 2 t", "new 3 i")
}
