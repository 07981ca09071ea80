package measure

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot/plotter"

	"rowcast/internal/bench"
)

// Latency collects latencies in a high dynamic range histogram, from a
// microsecond to ten minutes. It is not safe for concurrent use: give each
// goroutine one and merge them.
type Latency struct{ h *hdrhistogram.Histogram }

// NewLatency makes an empty one.
func NewLatency() *Latency {
	return &Latency{hdrhistogram.New(1, int64(longest/time.Microsecond), 3)}
}

// longest is the greatest latency that is told apart.
const longest = 10 * time.Minute

// Record adds a latency. One outside the range counts as its end.
func (l *Latency) Record(d time.Duration) {
	// Within the range it cannot fail.
	_ = l.h.RecordValue(int64(min(max(d, time.Microsecond), longest) / time.Microsecond))
}

// Merge adds what other has.
func (l *Latency) Merge(other *Latency) { l.h.Merge(other.h) }

// Count is how many there are.
func (l *Latency) Count() int64 { return l.h.TotalCount() }

// Milliseconds is the latency that the share q of all does not exceed, unknown if
// there is none; q is from 0 to 1.
func (l *Latency) Milliseconds(q float64) float64 {
	if l.Count() == 0 {
		return bench.Unknown()
	}
	return float64(l.h.ValueAtQuantile(100*q)) / 1000
}

// Curve is the latency in ms by percentile, as 1/(1-q), for a chart. It ends where
// fewer than one latency would decide.
func (l *Latency) Curve() (points plotter.XYs) {
	for _, q := range []float64{0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999} {
		if float64(l.Count())*(1-q) >= 0.999 {
			points = append(points, plotter.XY{X: 1 / (1 - q), Y: l.Milliseconds(q)})
		}
	}
	return points
}
