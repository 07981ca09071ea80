package triggers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// pair has two tables that differ only in being watched. Neither the network
// nor the disk takes part: statements run in a loop in the server, in
// transactions that are rolled back.
func pair(b *testing.B) *database {
	b.Helper()
	d := newDatabase(b, `create table plain (like docs including all)`)
	for _, table := range []string{"plain", "docs"} {
		d.exec(b, `insert into `+table+` select n, 'T', 'body' from generate_series(1, 1000) n`)
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

// loop executes the statement for i = 1 to n in the server, and forgets it.
func loop(b *testing.B, d *database, statement string, n int) time.Duration {
	b.Helper()
	d.exec(b, `begin`)
	began := time.Now()
	d.exec(b, fmt.Sprintf(`do $$ begin for i in 1..%d loop %s; end loop; end $$`, n, statement))
	took := time.Since(began)
	d.exec(b, `rollback`)
	return took
}

func BenchmarkCopy(b *testing.B) {
	d := pair(b)
	const rows = 100_000
	run := func(table string) time.Duration {
		d.exec(b, `begin`)
		began := time.Now()
		n, err := d.CopyFrom(b.Context(), pgx.Identifier{table}, []string{"id", "tenant_id", "body"},
			pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{1000000 + i, "T", "a body of ordinary length for a row"}, nil }))
		if err != nil || n != rows {
			b.Fatalf("copied %d rows: %v", n, err)
		}
		took := time.Since(began)
		d.exec(b, `rollback`)
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
