package measure

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

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

// Max is the longest.
func (l *Latency) Max() time.Duration { return time.Duration(l.h.Max()) * time.Microsecond }

// Quantile is the latency that the share q of all does not exceed; q is from 0
// to 1.
func (l *Latency) Quantile(q float64) time.Duration {
	return time.Duration(l.h.ValueAtQuantile(100*q)) * time.Microsecond
}

// Milliseconds is Quantile in ms, unknown if there is none.
func (l *Latency) Milliseconds(q float64) float64 {
	if l.Count() == 0 {
		return bench.Unknown()
	}
	return float64(l.Quantile(q)) / float64(time.Millisecond)
}

// quantiles are those of a curve.
func quantiles() []float64 {
	return []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999}
}

// Curve is the latency by percentile, in ms, for a chart with [Percentiles] as
// its x axis. It ends where fewer than one latency would decide.
func (l *Latency) Curve() []bench.Point {
	var points []bench.Point
	for _, q := range quantiles() {
		if float64(l.Count())*(1-q) >= 0.999 {
			points = append(points, bench.Point{X: 1 / (1 - q), Y: l.Milliseconds(q)})
		}
	}
	return points
}

// Percentiles is the axis of a curve: the further right, the rarer.
func Percentiles() bench.Axis {
	return bench.Axis{Title: "percentile", Log: true, Ticks: []bench.Tick{
		{At: 1, Label: "0"},
		{At: 2, Label: "50"},
		{At: 10, Label: "90"},
		{At: 100, Label: "99"},
		{At: 1000, Label: "99.9"},
		{At: 10000, Label: "99.99"},
	}}
}
