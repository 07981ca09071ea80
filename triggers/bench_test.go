package triggers_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
)

// pair has two tables that differ only in being watched. Neither the network
// nor the disk takes part: statements run in a loop in the server, in
// transactions that are rolled back.
func pair(b *testing.B) *database {
	b.Helper()
	d := newDatabase(b, `create table plain (like docs including all)`)
	for _, table := range []string{"plain", "docs"} {
		d.Exec(b, `insert into `+table+` select n, 'T', 'body' from generate_series(1, 1000) n`)
	}
	return d
}

// BenchmarkStatement measures what capture adds to a statement, in each run
// against the same statement on a table that is not watched.
func BenchmarkStatement(b *testing.B) {
	for _, statement := range []struct{ name, text string }{
		{"insert", `insert into %s values (100000 + 100 * i, 'T', 'hello')`},
		{"insert 3 rows", `insert into %s select 100000 + 100 * i + n, 'T', 'hello' from generate_series(1, 3) n`},
		{"insert 50 rows", `insert into %s select 100000 + 100 * i + n, 'T', 'hello' from generate_series(1, 50) n`},
		{"update", `update %s set body = 'hello' || i where id = 1 + i %% 1000`},
		{"update 3 rows", `update %s set body = 'hello' || i where id between 1 + i %% 900 and 3 + i %% 900`},
		{"delete", `delete from %s where id = i`},
	} {
		b.Run(statement.name, func(b *testing.B) {
			d := pair(b)
			const batch = 500
			var plain, watched time.Duration
			var n int
			for b.Loop() {
				plain += loop(b, d, fmt.Sprintf(statement.text, "plain"), batch)
				watched += loop(b, d, fmt.Sprintf(statement.text, "docs"), batch)
				n += batch
			}
			report(b, plain, watched, n)
		})
	}
}

// BenchmarkPauseCheck measures what the look at the setting rowcast.pause costs a
// statement of a session that has not paused: the same capture with it and
// without, by turns.
func BenchmarkPauseCheck(b *testing.B) {
	for _, statement := range []struct{ name, text string }{
		{"insert", `insert into %s values (100000 + 100 * i, 'T', 'hello')`},
		{"update", `update %s set body = 'hello' || i where id = 1 + i %% 1000`},
	} {
		b.Run(statement.name, func(b *testing.B) {
			d := pair(b)
			// A table like docs whose capture is as it was without the look.
			d.Exec(b, `create table unchecked (like docs including all)`, `insert into unchecked select * from docs`,
				`select rowcast.watch('unchecked')`, `create schema before`, `do $do$
				declare
					name text;
					definition text;
				begin
					foreach name in array array['settings_fixed()', 'capture()', 'capture_update()'] loop
						definition := pg_get_functiondef(('rowcast.' || name)::regprocedure);
						definition := replace(replace(replace(definition, 'rowcast.settings_fixed()', 'before.settings_fixed()'),
							'FUNCTION rowcast.', 'FUNCTION before.'), 'current_setting(''rowcast.pause''::text, true)', '''''');
						execute definition;
					end loop;
				end $do$`,
				`create or replace trigger rowcast_insert after insert on unchecked referencing new table as changed_rows for each statement
					execute function before.capture(2, 2, '{}', 'tenant_id', '{}')`,
				`create or replace trigger rowcast_update after update on unchecked referencing old table as old_rows new table as new_rows for each statement
					execute function before.capture_update(2, 2, '{}', 'tenant_id', '{}')`)
			if pgtest.Query[bool](b, d.Conn, `select bool_or(pg_get_functiondef(oid) like '%''rowcast.pause''%') from pg_proc where pronamespace = 'before'::regnamespace`) {
				b.Fatal("the look is still there")
			}
			pid := pgtest.Query[int](b, d.Conn, `select pg_backend_pid()`)
			const batch = 200
			var without, with time.Duration
			n := 0
			for ; b.Loop(); n++ {
				for k := range 2 { // by turns, and each first by turns
					table, spent := "docs", &with
					if (n+k)%2 == 0 {
						table, spent = "unchecked", &without
					}
					before := processor(b, pid)
					loop(b, d, fmt.Sprintf(statement.text, table), batch)
					*spent += processor(b, pid) - before
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(without.Nanoseconds())/float64(n*batch), "without-cpu-ns/op")
			b.ReportMetric(float64(with.Nanoseconds())/float64(n*batch), "with-cpu-ns/op")
			b.ReportMetric(float64(with)/float64(without), "with/without")
		})
	}
}

// BenchmarkWideColumn measures what a wide column costs capture, in time of the
// processor: of an update of one word beside it, and of an insert of it. By turns on
// tables without the column ("thin"), with it and not watched ("bare"), with it
// excluded ("hidden"), and with it captured ("wide"); beside that, one conversion of
// the row ("conversion").
func BenchmarkWideColumn(b *testing.B) {
	for name, keys := range map[string]int{"87 kB": 1930, "2.7 MB": 60_000} {
		b.Run(name, func(b *testing.B) {
			d := newDatabase(b, fmt.Sprintf(`create table documents as select jsonb_object_agg('key' || n, md5(n::text)) as doc from generate_series(1, %d) n`, keys),
				`create table thin (id int primary key, tenant_id text, word text)`)
			for _, table := range []string{"bare", "hidden", "wide"} {
				d.Exec(b, `create table `+table+` (id int primary key, tenant_id text, word text, doc jsonb)`)
			}
			d.Exec(b, `select rowcast.watch('thin'), rowcast.watch('hidden', exclude => '{doc}'), rowcast.watch('wide')`)
			for _, table := range []string{"thin", "bare", "hidden", "wide"} {
				columns := map[bool]string{true: ``, false: `, doc`}[table == "thin"]
				d.Exec(b, `insert into `+table+` select 1, 'T', 'word'`+columns+` from documents`)
			}
			pid := pgtest.Query[int](b, d.Conn, `select pg_backend_pid()`)
			spent := map[string]time.Duration{}
			n := 0
			for ; b.Loop(); n++ {
				for what, statement := range map[string]string{
					"update-thin": `update thin set word = 'w' || i`, "update-bare": `update bare set word = 'w' || i`,
					"update-hidden": `update hidden set word = 'w' || i`, "update-wide": `update wide set word = 'w' || i`,
					"insert-bare":   `insert into bare select i + 1, 'T', 'word', doc from documents`,
					"insert-hidden": `insert into hidden select i + 1, 'T', 'word', doc from documents`,
					"insert-wide":   `insert into wide select i + 1, 'T', 'word', doc from documents`,
					"conversion":    `perform pg_catalog.length(pg_catalog.row_to_json(r)::text) from wide r`,
				} {
					before := processor(b, pid)
					loop(b, d, statement, 10)
					spent[what] += processor(b, pid) - before
				}
			}
			b.ReportMetric(0, "ns/op")
			for what, time := range spent {
				b.ReportMetric(float64(time.Microseconds())/float64(10*n), what+"-cpu-us")
			}
			b.ReportMetric(float64(spent["update-hidden"])/float64(spent["update-thin"]), "update-hidden/thin")
			b.ReportMetric(float64(spent["update-wide"]-spent["update-bare"])/float64(spent["conversion"]), "update-wide-added/conversion")
			b.ReportMetric(float64(spent["insert-wide"]-spent["insert-bare"])/float64(spent["conversion"]), "insert-wide-added/conversion")
		})
	}
}

// processor is the time that a process has spent on processors, which is less at
// the mercy of what else runs than the clock on the wall.
func processor(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		b.Skipf("the time of a process is not known here: %v", err)
	}
	nanoseconds, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(nanoseconds)
}

// loop executes the statement for i = 1 to n in the server, and forgets it.
func loop(b *testing.B, d *database, statement string, n int) time.Duration {
	b.Helper()
	d.Exec(b, `begin`)
	began := time.Now()
	d.Exec(b, fmt.Sprintf(`do $$ begin for i in 1..%d loop %s; end loop; end $$`, n, statement))
	took := time.Since(began)
	d.Exec(b, `rollback`)
	return took
}

func BenchmarkCopy(b *testing.B) {
	d := pair(b)
	const rows = 100_000
	run := func(table string) time.Duration {
		d.Exec(b, `begin`)
		began := time.Now()
		n, err := d.Conn.CopyFrom(b.Context(), pgx.Identifier{table}, []string{"id", "tenant_id", "body"},
			pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{1000000 + i, "T", "a body of ordinary length for a row"}, nil }))
		if err != nil || n != rows {
			b.Fatalf("copied %d rows: %v", n, err)
		}
		took := time.Since(began)
		d.Exec(b, `rollback`)
		return took
	}
	var plain, watched time.Duration
	var n int
	for b.Loop() {
		plain += run("plain")
		watched += run("docs")
		n += rows
	}
	report(b, plain, watched, n)
}

func report(b *testing.B, plain, watched time.Duration, n int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(plain.Nanoseconds())/float64(n), "plain-ns/op")
	b.ReportMetric(float64(watched.Nanoseconds())/float64(n), "watched-ns/op")
	b.ReportMetric(float64(watched)/float64(plain), "watched/plain")
}
