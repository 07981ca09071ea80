package write

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"rowcast/internal/bench"
)

// report fills in what was found. hidden says why the processes of the server
// cannot be seen.
func (r *run) report(report *bench.Report, cells []cell, hidden error) {
	report.Tables = append(report.Tables, r.transactions(cells))
	if r.Rows > 0 {
		report.Tables = append(report.Tables, r.bulk(cells))
	}
	report.Bars = append(report.Bars, r.bars(cells)...)
	report.Title = "what triggers cost those who write, on the table " + r.Table
	report.Notes = append(report.Notes,
		fmt.Sprintf("Medians of %d rounds, in which the three tables took turns; a ratio is the median of the ratios within rounds.", r.Rounds),
		"Server CPU is that of all processes of PostgreSQL until the reader had everything. The reader, a whole server, is not counted.")
	if hidden != nil {
		report.Notes = append(report.Notes, "The processor time of the server is unknown: "+hidden.Error()+".")
	}
	if r.CommitDelay > 0 {
		report.Notes = append(report.Notes, "commit_delay was set for the writers, with commit_siblings = 0, so that each commit takes as long, as on a slow disk.")
	}
}

func (r *run) transactions(cells []cell) bench.Table {
	t := bench.Table{Key: "transactions", Title: "Single-row transactions", Pictures: []string{"tx/s", "µs/row"}, Columns: []bench.Column{
		bench.Col("writers", "writers", "", 0), bench.Col("triggers", "triggers", "", 0),
		bench.Col("transactionsPerSecond", "median", "tx/s", 0), bench.Col("lowestTransactionsPerSecond", "lowest", "tx/s", 0),
		bench.Col("highestTransactionsPerSecond", "highest", "tx/s", 0), bench.Col("rateOfNone", "of none", "x", 2),
		bench.Col("rateOfNotify", "of notify", "x", 2), bench.Col("serverCpuMicrosecondsPerRow", "server CPU", "µs/row", 1),
		bench.Col("serverCpuOfNone", "of none", "x", 2),
	}}
	for _, writers := range r.Writers {
		for _, v := range variants() {
			s := summarise(cells, writers, v)
			t.Add([]string{strconv.Itoa(writers), string(v)}, s.median(rate), s.least(rate), s.most(rate),
				s.of(s.none, rate), s.of(s.notify, rate), s.median(cpuPerRow), s.of(s.none, cpuPerRow))
		}
	}
	return t
}

func (r *run) bulk(cells []cell) bench.Table {
	t := bench.Table{Key: "copy", Title: fmt.Sprintf("COPY of %s rows", bench.Format(float64(r.Rows), 0)), Pictures: []string{"µs/row"}, Columns: []bench.Column{
		bench.Col("triggers", "triggers", "", 0), bench.Col("seconds", "median", "s", 2), bench.Col("lowestSeconds", "lowest", "s", 2),
		bench.Col("highestSeconds", "highest", "s", 2), bench.Col("serverCpuMicrosecondsPerRow", "server CPU", "µs/row", 2),
		bench.Col("serverCpuOfNone", "of none", "x", 2), bench.Col("tableMegabytes", "table", "MB", 1),
		bench.Col("logMegabytes", "log", "MB", 1), bench.Col("logOfTable", "of table", "x", 2),
	}}
	for _, v := range variants() {
		s := summarise(cells, 0, v)
		t.Add([]string{string(v)}, s.median(duration), s.least(duration), s.most(duration), s.median(cpuPerRow), s.of(s.none, cpuPerRow),
			s.median(func(c *cell) float64 { return c.tableBytes / 1e6 }), s.median(func(c *cell) float64 { return c.logBytes / 1e6 }), s.median(logOfTable))
	}
	return t
}

// What is wanted.
const (
	barWriters      = 64
	barDelay        = 2 * time.Millisecond
	barRows         = 500_000
	barOfNone       = 0.8
	barOfNotify     = 3
	barOfNotifySlow = 12
	barCopyCPU      = 2.0
	barLog          = 0.6
)

func (r *run) bars(cells []cell) []bench.Bar {
	writers := summarise(cells, barWriters, Rowcast)
	ofNotify := float64(barOfNotify)
	if r.CommitDelay >= barDelay {
		ofNotify = barOfNotifySlow
	}
	ofNoneBar := bench.Judge("rateOfNone", "transactions/s at 64 writers, of no trigger", writers.of(writers.none, rate), bench.AtLeast, barOfNone, "x")
	ofNotifyBar := bench.Judge("rateOfNotify", "transactions/s at 64 writers, of the notify trigger", writers.of(writers.notify, rate), bench.AtLeast, ofNotify, "x")
	if len(writers.cells) == 0 {
		const reason = "64 writers were not asked for"
		ofNoneBar, ofNotifyBar = ofNoneBar.Waive(reason), ofNotifyBar.Waive(reason)
	}
	load := summarise(cells, 0, Rowcast)
	cpu := bench.Judge("copyServerCpuOfNone", "server CPU of COPY, of no trigger", load.of(load.none, cpuPerRow), bench.AtMost, barCopyCPU, "x")
	log := bench.Judge("copyLogOfTable", "log after COPY, of the table's own size", load.median(logOfTable), bench.AtMost, barLog, "x")
	if r.Rows < barRows {
		reason := fmt.Sprintf("for %s rows", bench.Format(barRows, 0))
		cpu, log = cpu.Waive(reason), log.Waive(reason)
	}
	return []bench.Bar{ofNoneBar, ofNotifyBar, cpu, log}
}

// summary has the figures of one load and variant over all rounds.
type summary struct {
	cells []cell
	// none and notify are the cells of the same load and rounds.
	none, notify []cell
}

// summarise picks the cells of a load and variant.
func summarise(cells []cell, writers int, v Variant) summary {
	pick := func(v Variant) []cell {
		return slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return c.writers != writers || c.variant != v })
	}
	return summary{pick(v), pick(None), pick(Notify)}
}

// figure is what is taken of a cell.
type figure func(c *cell) float64

func rate(c *cell) float64       { return float64(c.rows) / c.seconds }
func duration(c *cell) float64   { return c.seconds }
func cpuPerRow(c *cell) float64  { return 1e6 * c.serverCPU / float64(c.rows) }
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
	return (sorted[middle] + sorted[(len(sorted)-1)/2]) / 2
}
