package triggers_test

import (
	"flag"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"
)

// For a month at another rate: go test ./triggers -run TestMonth -month.rows 10800.
var monthRows = flag.Int("month.rows", 240, "rows in each three hours of TestMonthStaysWithinBound")

// A month passes in steps of three hours, in each of which rows come, the log
// is rotated and pruned as the leader does it, and everything becomes older.
// From the end of the retention on the log neither grows nor loses what is kept.
func TestMonthStaysWithinBound(t *testing.T) {
	t.Parallel()
	const (
		step      = 3 * time.Hour
		retention = 7 * 24 * time.Hour
		segment   = retention / 8
		month     = 30 * 24 * time.Hour
	)
	d := newDatabase(t)
	d.Exec(t, `alter table docs drop constraint docs_pkey`) // the table itself is not pruned here
	const sizes = `select sum(pg_total_relation_size(i.inhrelid)) from pg_inherits i where i.inhparent = 'rowcast.log'::regclass`
	var early, late int64 // the largest sizes just after the retention and after that
	for age := step; age <= month; age += step {
		if _, err := d.Conn.Exec(t.Context(), `
			insert into docs select n, 'T' || n % 7, repeat('a row of ordinary length ', 4) || random() from generate_series(1, $1) n`, *monthRows); err != nil {
			t.Fatal(err)
		}
		d.Exec(t, `truncate docs`)
		d.seal(t)
		pgtest.Query[bool](t, d.Conn, `select rowcast.rotate($1, 1 << 30)`, segment)
		for pgtest.Query[int64](t, d.Conn, `select rowcast.prune($1)`, retention) > 0 {
		}
		pgtest.Query[int](t, d.Conn, `select rowcast.empty_segments()`)
		kept := pgtest.Query[int](t, d.Conn, `select coalesce(sum(rows), 0) from rowcast.log where op = 'i'`)
		least, most := min(age, retention)/step, (retention+2*segment)/step+1
		if kept < int(least)**monthRows || kept > int(most)**monthRows {
			t.Fatalf("after %s the log has %d rows, %d of them for each %s; want between %d and %d", age, kept, *monthRows, step,
				int(least)**monthRows, int(most)**monthRows)
		}
		if seals := pgtest.Query[int](t, d.Conn, `select count(distinct seal) from rowcast.sealed`); seals > int(retention/step)+1 {
			t.Fatalf("after %s the log has %d seals of %s", age, seals, step)
		}
		size := pgtest.Query[int64](t, d.Conn, sizes)
		if age <= retention+2*segment {
			early = max(early, size)
		} else {
			late = max(late, size)
		}
		d.Exec(t, `update rowcast.seal set sealed_at = sealed_at - interval '3 hours'`,
			`update rowcast.segment set opened_at = opened_at - interval '3 hours', closed_at = closed_at - interval '3 hours'`)
	}
	t.Logf("the log has at most %d kB, in %d segments", max(early, late)/1024, pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.segment`))
	if late > early*11/10 {
		t.Errorf("the log grew from %d to %d bytes after the retention", early, late)
	}
}
