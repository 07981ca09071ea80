package write

import (
	"slices"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
)

// summary has the figures of one load and variant over all rounds.
type summary struct {
	cells []cell
	// none and notify are the cells of the same load and rounds.
	none, notify []cell
}

// summarise picks the cells of a load and variant.
func summarise(cells []cell, writers int, v Variant) summary {
	pick := func(v Variant) []cell {
		var picked []cell
		for _, c := range cells {
			if c.writers == writers && c.variant == v {
				picked = append(picked, c)
			}
		}
		return picked
	}
	return summary{pick(v), pick(None), pick(Notify)}
}

// figure is what is taken of a cell.
type figure func(c *cell) float64

func rate(c *cell) float64     { return float64(c.rows) / c.seconds }
func duration(c *cell) float64 { return c.seconds }

// perRow is processor time in microseconds a row.
func perRow(time figure) figure {
	return func(c *cell) float64 { return 1e6 * time(c) / float64(c.rows) }
}

func serverCPU(c *cell) float64  { return c.serverCPU }
func readerCPU(c *cell) float64  { return c.readerCPU }
func logOfTable(c *cell) float64 { return c.logBytes / c.tableBytes }

// median and the extremes of a figure over the rounds.
func (s summary) median(f figure) float64 { return median(figures(s.cells, f)) }
func (s summary) least(f figure) float64  { return slices.Min(figures(s.cells, f)) }
func (s summary) most(f figure) float64   { return slices.Max(figures(s.cells, f)) }

// of is the median of the ratios to other cells of the same rounds.
func (s summary) of(others []cell, f figure) float64 {
	ratios := figures(s.cells, f)
	for i, other := range figures(others, f) {
		ratios[i] /= other
	}
	return median(ratios)
}

// latency is that of all rounds.
func (s summary) latency() *measure.Latency {
	l := measure.NewLatency()
	for _, c := range s.cells {
		l.Merge(c.latency)
	}
	return l
}

func figures(cells []cell, f figure) []float64 {
	all := make([]float64, len(cells))
	for i := range cells {
		all[i] = f(&cells[i])
	}
	return all
}

// median of figures, unknown if one of them is.
func median(figures []float64) float64 {
	if len(figures) == 0 || slices.ContainsFunc(figures, func(f float64) bool { return !bench.Known(f) }) {
		return bench.Unknown()
	}
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
