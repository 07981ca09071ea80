package write

import (
	"fmt"
	"strconv"
	"time"

	"rowcast/internal/bench"
)

// words is the variant for people.
func (v Variant) words() string {
	switch v {
	case Rowcast:
		return "Rowcast"
	case Notify:
		return "pg_notify of the row"
	default:
		return "none"
	}
}

// report fills in what was found. hidden says why the processes of the server
// cannot be seen.
func (r *run) report(report *bench.Report, cells []cell, hidden error) {
	report.Tables = append(report.Tables, r.transactions(cells))
	if r.Rows > 0 {
		report.Tables = append(report.Tables, r.bulk(cells))
	}
	report.Bars = append(report.Bars, r.bars(cells)...)
	report.Charts = append(report.Charts,
		r.chart(cells, "transactions", "Single-row transactions: higher is better", "tx/s", r.Writers, rate),
		r.chart(cells, "serverCpu", "Processor time of the server: lower is better", "µs/row", r.loads(), perRow(serverCPU)))
	report.Title = "what triggers cost those who write, on the table " + r.Table
	report.Notes = append(report.Notes,
		fmt.Sprintf("Medians of %d rounds, in which the three tables took turns; a ratio is the median of the ratios within rounds.", r.Rounds),
		"Server CPU is that of all processes of PostgreSQL until the reader had everything. The reader, a whole server, is counted beside it.")
	if hidden != nil {
		report.Notes = append(report.Notes, "The processor time of the server is unknown: "+hidden.Error()+".")
	}
	if r.CommitDelay > 0 {
		report.Notes = append(report.Notes, "commit_delay was set for the writers, with commit_siblings = 0, so that each commit takes as long, as on a slow disk.")
	}
}

func (r *run) transactions(cells []cell) bench.Table {
	t := bench.Table{Key: "transactions", Title: "Single-row transactions", Columns: []bench.Column{
		bench.Col("writers", "writers", "", 0), bench.Col("triggers", "triggers", "", 0),
		bench.Col("transactionsPerSecond", "median", "tx/s", 0), bench.Col("lowestTransactionsPerSecond", "lowest", "tx/s", 0),
		bench.Col("highestTransactionsPerSecond", "highest", "tx/s", 0), bench.Col("rateOfNone", "of none", "x", 2),
		bench.Col("rateOfNotify", "of notify", "x", 2), bench.Col("p50Milliseconds", "p50", "ms", 2), bench.Col("p99Milliseconds", "p99", "ms", 2),
		bench.Col("serverCpuMicrosecondsPerRow", "server CPU", "µs/row", 1), bench.Col("serverCpuOfNone", "of none", "x", 2),
		bench.Col("readerCpuMicrosecondsPerRow", "reader CPU", "µs/row", 1),
	}}
	for _, writers := range r.Writers {
		for _, v := range variants() {
			s := summarise(cells, writers, v)
			l := s.latency()
			t.Add(append([]bench.Cell{bench.Word(strconv.Itoa(writers)), bench.Word(string(v))},
				bench.Figures(s.median(rate), s.least(rate), s.most(rate), s.of(s.none, rate), s.of(s.notify, rate),
					l.Milliseconds(0.5), l.Milliseconds(0.99), s.median(perRow(serverCPU)), s.of(s.none, perRow(serverCPU)), s.median(perRow(readerCPU)))...)...)
		}
	}
	return t
}

func (r *run) bulk(cells []cell) bench.Table {
	t := bench.Table{Key: "copy", Title: fmt.Sprintf("COPY of %s rows", bench.Format(float64(r.Rows), 0)), Columns: []bench.Column{
		bench.Col("triggers", "triggers", "", 0), bench.Col("seconds", "median", "s", 2), bench.Col("lowestSeconds", "lowest", "s", 2),
		bench.Col("highestSeconds", "highest", "s", 2), bench.Col("serverCpuMicrosecondsPerRow", "server CPU", "µs/row", 2),
		bench.Col("serverCpuOfNone", "of none", "x", 2), bench.Col("readerCpuMicrosecondsPerRow", "reader CPU", "µs/row", 2),
		bench.Col("tableMegabytes", "table", "MB", 1), bench.Col("logMegabytes", "log", "MB", 1), bench.Col("logOfTable", "of table", "x", 2),
	}}
	for _, v := range variants() {
		s := summarise(cells, 0, v)
		t.Add(append([]bench.Cell{bench.Word(string(v))}, bench.Figures(s.median(duration), s.least(duration), s.most(duration),
			s.median(perRow(serverCPU)), s.of(s.none, serverCPU), s.median(perRow(readerCPU)),
			s.median(func(c *cell) float64 { return c.tableBytes / 1e6 }), s.median(func(c *cell) float64 { return c.logBytes / 1e6 }),
			s.median(logOfTable))...)...)
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
	bars := []bench.Bar{
		bench.Judge("rateOfNone", "transactions/s at 64 writers, of no trigger", writers.of(writers.none, rate), bench.AtLeast, barOfNone, "x"),
		bench.Judge("rateOfNotify", "transactions/s at 64 writers, of the notify trigger", writers.of(writers.notify, rate), bench.AtLeast, ofNotify, "x"),
	}
	if len(writers.cells) == 0 {
		for i := range bars {
			bars[i] = bars[i].Waive("64 writers were not asked for")
		}
	}
	load := summarise(cells, 0, Rowcast)
	bulk := []bench.Bar{
		bench.Judge("copyServerCpuOfNone", "server CPU of COPY, of no trigger", load.of(load.none, serverCPU), bench.AtMost, barCopyCPU, "x"),
		bench.Judge("copyLogOfTable", "log after COPY, of the table's own size", load.median(logOfTable), bench.AtMost, barLog, "x"),
	}
	if r.Rows < barRows {
		for i := range bulk {
			bulk[i] = bulk[i].Waive(fmt.Sprintf("for %s rows", bench.Format(barRows, 0)))
		}
	}
	return append(bars, bulk...)
}

// chart compares the variants at each load.
func (r *run) chart(cells []cell, key, title, unit string, loads []int, f figure) bench.Chart {
	c := bench.Chart{Key: key, Title: title, X: "writers", Y: unit}
	for _, writers := range loads {
		name := "COPY"
		if writers > 0 {
			name = strconv.Itoa(writers)
		}
		c.Categories = append(c.Categories, name)
	}
	for _, v := range variants() {
		series := bench.Series{Name: v.words()}
		for _, writers := range loads {
			s := summarise(cells, writers, v)
			series.Columns = append(series.Columns, s.median(f))
		}
		c.Series = append(c.Series, series)
	}
	return c
}
