package triggers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// cost is what a server has written.
type cost struct {
	wal, xids   float64
	log, sealed float64
}

func costs(b *testing.B, conn *pgx.Conn) (c cost) {
	b.Helper()
	err := conn.QueryRow(b.Context(), `
		select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8, pg_snapshot_xmax(pg_current_snapshot())::text::float8,
		       (select sum(pg_total_relation_size(i.inhrelid)) from pg_inherits i where i.inhparent = 'rowcast.log'::regclass)::float8,
		       (pg_total_relation_size('rowcast.sealed') + pg_total_relation_size('rowcast.seal'))::float8`).Scan(&c.wal, &c.xids, &c.log, &c.sealed)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (c cost) since(o cost) cost {
	return cost{c.wal - o.wal, c.xids - o.xids, c.log - o.log, c.sealed - o.sealed}
}

// BenchmarkSizing is what a row of a watched table writes beside the same row of one
// that is not watched: bytes of WAL, bytes of disk in the log, and transaction ids.
// Each statement is a transaction. Images of whole pages, which the first change of
// a page after a checkpoint adds to both, are left out. Run it with
// -benchtime 1x: what is measured is counted, not timed.
func BenchmarkSizing(b *testing.B) {
	pg := pgtest.Own(b, devpg.Options{NoTCP: true})
	dsn := pg.SocketDSN("postgres")
	pgtest.Migrate(b, dsn)
	conn := pgtest.Connect(b, dsn)
	pgtest.Exec(b, conn, `alter system set full_page_writes = off`, `alter system set autovacuum = off`, `select pg_reload_conf()`)
	for _, table := range []string{"plain", "watched", "excluded"} {
		pgtest.Exec(b, conn, `create table `+table+` (id bigint primary key, tenant_id uuid not null, number text, status text, customer text, total numeric(12,2),
			created_at timestamptz, updated_at timestamptz, note text)`)
	}
	pgtest.Exec(b, conn, `select rowcast.watch('watched')`, `select rowcast.watch('excluded', exclude => '{note}')`)
	// $1 says which row, $2 how many.
	const values = `n, '7f0a3c1e-3b1f-4f0e-9a77-0d4f3f6f2b11'::uuid, 'SO-2026-' || n, 'pending', 'Brown & Sons ' || n, 1486.91, now(), now(),
		(select string_agg(md5(n::text || k), '') from generate_series(1, %d) k)`
	from := 1
	for _, note := range []int{0, 32} { // of 32 bytes each
		for _, s := range []struct {
			name, text string
			rows       int
		}{
			{"insert", `insert into %s select ` + fmt.Sprintf(values, note) + ` from generate_series($1::int, $1 + $2 - 1) n`, 1},
			{"update", `update %s set status = 'shipped', updated_at = now() where id between $1 and $1 + $2 - 1`, 1},
			{"delete", `delete from %s where id between $1 and $1 + $2 - 1`, 1},
			{"insert 100", `insert into %s select ` + fmt.Sprintf(values, note) + ` from generate_series($1::int, $1 + $2 - 1) n`, 100},
			{"insert 5000", `insert into %s select ` + fmt.Sprintf(values, note) + ` from generate_series($1::int, $1 + $2 - 1) n`, 5000},
		} {
			b.Run(fmt.Sprintf("note %d/%s", 32*note, s.name), func(b *testing.B) {
				for b.Loop() { // it forgets what was reported before
				}
				b.ReportMetric(0, "ns/op")
				statements := max(2, 1000/s.rows)
				if s.rows == 1 {
					statements = 500
				}
				total := float64(statements * s.rows)
				first := from
				if strings.HasPrefix(s.name, "insert") {
					from += statements * s.rows
				} else {
					first = from - statements*s.rows
				}
				var plain cost
				for _, table := range []string{"plain", "watched", "excluded"} {
					if strings.HasPrefix(s.name, "insert") { // so that no table has room from before
						pgtest.Exec(b, conn, "truncate "+table, "select rowcast.seal()")
					}
					before := costs(b, conn)
					for i := range statements {
						if _, err := conn.Exec(b.Context(), fmt.Sprintf(s.text, table), first+i*s.rows, s.rows); err != nil {
							b.Fatal(err)
						}
					}
					written := costs(b, conn).since(before)
					if table == "plain" {
						plain = written
						b.ReportMetric(plain.wal/total, "plain-WAL-B/row")
						continue
					}
					b.ReportMetric(written.wal/total, table+"-WAL-B/row")
					b.ReportMetric(written.log/total, table+"-log-B/row")
					b.ReportMetric((written.xids-plain.xids)/float64(statements), table+"-more-xids/statement")
					before = costs(b, conn)
					pgtest.Exec(b, conn, "select rowcast.seal()")
					sealed := costs(b, conn).since(before)
					if table == "watched" {
						b.ReportMetric(sealed.wal/total, "seal-WAL-B/row")
						b.ReportMetric(sealed.sealed/total, "sealed-B/row")
						b.ReportMetric(sealed.xids, "seal-xids")
					}
				}
			})
		}
	}
	b.Run("retention", func(b *testing.B) {
		for b.Loop() { // as above
		}
		b.ReportMetric(0, "ns/op")
		before := costs(b, conn)
		pgtest.Exec(b, conn, "select rowcast.rotate('0', 0)", "update rowcast.seal set sealed_at = sealed_at - interval '8 days'",
			"insert into watched (id, tenant_id) values (-1, '7f0a3c1e-3b1f-4f0e-9a77-0d4f3f6f2b11')", "select rowcast.seal()")
		for pgtest.Query[int64](b, conn, "select rowcast.prune('7 days')") > 0 {
		}
		if pgtest.Query[int](b, conn, "select rowcast.empty_segments()") == 0 {
			b.Fatal("no segment was emptied")
		}
		b.ReportMetric(before.log/1e6, "MB-before")
		b.ReportMetric(costs(b, conn).log/1e6, "MB-after")
	})
}
