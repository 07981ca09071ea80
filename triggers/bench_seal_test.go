package triggers_test

import (
	"testing"
	"time"
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
					if _, err := d.Exec(b.Context(), "insert into docs values ($1, 'T', 'hello')", 200_000+n); err != nil {
						b.Fatal(err)
					}
				}
				began := time.Now()
				if _, err := d.Exec(b.Context(), "select rowcast.seal()"); err != nil {
					b.Fatal(err)
				}
				sealed += time.Since(began)
				began = time.Now()
				if _, err := d.Exec(b.Context(), "select 1"); err != nil {
					b.Fatal(err)
				}
				bare += time.Since(began)
			}
			b.ReportMetric(float64(sealed.Microseconds())/float64(b.N), "us/seal")
			b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "us/select-1")
		})
	}
}
