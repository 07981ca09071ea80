package triggers_test

import (
	"fmt"
	"testing"
	"time"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// BenchmarkSeal seals after one change, and after several of several
// transactions; ms is the statement with its commit, beside select 1.
func BenchmarkSeal(b *testing.B) {
	for _, transactions := range []int{0, 1, 3} {
		b.Run(map[int]string{0: "nothing", 1: "one change", 3: "three transactions"}[transactions], func(b *testing.B) {
			d := pair(b)
			var sealed, bare time.Duration
			n := 0
			for b.Loop() {
				for range transactions {
					n++
					if _, err := d.Conn.Exec(b.Context(), "insert into docs values ($1, 'T', 'hello')", 200_000+n); err != nil {
						b.Fatal(err)
					}
				}
				began := time.Now()
				if _, err := d.Conn.Exec(b.Context(), "select rowcast.seal()"); err != nil {
					b.Fatal(err)
				}
				sealed += time.Since(began)
				began = time.Now()
				if _, err := d.Conn.Exec(b.Context(), "select 1"); err != nil {
					b.Fatal(err)
				}
				bare += time.Since(began)
			}
			b.ReportMetric(float64(sealed.Microseconds())/float64(b.N), "us/seal")
			b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "us/select-1")
		})
	}
}

// BenchmarkSealOfOthers seals one change over a server's connection: alone, beside an
// open transaction of as many log rows as the name says, and while that is sealed.
func BenchmarkSealOfOthers(b *testing.B) {
	for _, rows := range []int{20_000, 80_000} {
		for _, state := range []string{"alone", "open", "committed"} {
			b.Run(fmt.Sprint(rows, "/", state), func(b *testing.B) {
				d := newDatabase(b)
				conn, err := postgres.Connect(b.Context(), d.DSN, "seals")
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = conn.Close(b.Context()) }()
				other := d.Connect(b)
				pgtest.Exec(b, conn, `select rowcast.seal()`)
				if state != "alone" {
					pgtest.Exec(b, other, `begin`, fmt.Sprintf(`do $$ begin for i in 1..%d loop
						insert into docs values (1000000 + i, 'big ' || i %% 100, 'x'); end loop; end $$`, rows))
					d.Exec(b, `analyze rowcast.log_active`)
				}
				if state == "committed" {
					pgtest.Exec(b, other, `commit`)
				}
				id := 0
				for b.Loop() {
					b.StopTimer()
					id++
					d.Exec(b, fmt.Sprintf(`insert into docs values (%d, 'small', 'x')`, id))
					b.StartTimer()
					pgtest.Exec(b, conn, `select rowcast.seal()`)
				}
			})
		}
	}
}
