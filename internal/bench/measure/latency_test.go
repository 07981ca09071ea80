package measure_test

import (
	"math"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
)

func TestLatencyDigits(t *testing.T) {
	t.Parallel()
	l, half := measure.NewLatency(), measure.NewLatency()
	for n := 1; n <= 10_000; n++ {
		if n%2 == 0 {
			half.Record(time.Duration(n) * 100 * time.Microsecond)
		} else {
			l.Record(time.Duration(n) * 100 * time.Microsecond)
		}
	}
	l.Merge(half)
	if l.Count() != 10_000 {
		t.Errorf("%d latencies; want 10000", l.Count())
	}
	for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
		if got, want := l.Milliseconds(q), 1000*q; math.Abs(got-want) > want/1000 {
			t.Errorf("the quantile %v is %v ms; want %v within three digits", q, got, want)
		}
	}
	curve := l.Curve()
	if last := curve[len(curve)-1]; math.Abs(last.X-1000) > 1 {
		t.Errorf("the curve ends at %v; want 1000, its last percentile", last.X)
	}
}

func TestLatencyOutsideTheRange(t *testing.T) {
	t.Parallel()
	l := measure.NewLatency()
	if bench.Known(l.Milliseconds(0.5)) {
		t.Error("no latency has a median")
	}
	l.Record(-time.Second)
	l.Record(time.Hour)
	if l.Count() != 2 || l.Milliseconds(1) < 9*60_000 || l.Milliseconds(0.1) != 0.001 {
		t.Errorf("count %d, longest %v ms, shortest %v ms", l.Count(), l.Milliseconds(1), l.Milliseconds(0.1))
	}
}
