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
	if r.o.Rows > 0 {
		report.Tables = append(report.Tables, r.bulk(cells))
	}
	report.Bars = r.bars(cells)
	report.Charts = []bench.Chart{
		r.chart(cells, "transactions", "Single-row transactions: higher is better", "tx/s", r.o.Writers, rate),
		r.chart(cells, "serverCpu", "Processor time of the server: lower is better", "µs/row", r.o.loads(), perRow(serverCPU)),
	}
	report.Title = "what triggers cost those who write, on the table " + r.o.Table
	report.Notes = append(report.Notes,
		fmt.Sprintf("Medians of %d rounds, in which the three tables took turns; a ratio is the median of the ratios within rounds.", r.o.Rounds),
		"Server CPU is that of all processes of PostgreSQL until the reader had everything. The client that writes and the reader are counted beside it.")
	if hidden != nil {
		report.Notes = append(report.Notes, "The processor time of the server is unknown: "+hidden.Error()+".")
	}
	if r.o.CommitDelay > 0 {
		report.Notes = append(report.Notes, "commit_delay was set for the writers, with commit_siblings = 0, so that each commit takes as long, as on a slow disk.")
	}
}

func (r *run) transactions(cells []cell) bench.Table {
	t := bench.Table{Key: "transactions", Title: "Single-row transactions", Columns: []bench.Column{
		{Key: "writers", Title: "writers"},
		{Key: "triggers", Title: "triggers"},
		{Key: "transactionsPerSecond", Title: "median", Unit: "tx/s"},
		{Key: "lowestTransactionsPerSecond", Title: "lowest", Unit: "tx/s"},
		{Key: "highestTransactionsPerSecond", Title: "highest", Unit: "tx/s"},
		{Key: "rateOfNone", Title: "of none", Unit: "x", Digits: 2},
		{Key: "rateOfNotify", Title: "of notify", Unit: "x", Digits: 2},
		{Key: "p50Milliseconds", Title: "p50", Unit: "ms", Digits: 2},
		{Key: "p99Milliseconds", Title: "p99", Unit: "ms", Digits: 2},
		{Key: "serverCpuMicrosecondsPerRow", Title: "server CPU", Unit: "µs/row", Digits: 1},
		{Key: "serverCpuOfNone", Title: "of none", Unit: "x", Digits: 2},
		{Key: "clientCpuMicrosecondsPerRow", Title: "client CPU", Unit: "µs/row", Digits: 1},
		{Key: "readerCpuMicrosecondsPerRow", Title: "reader CPU", Unit: "µs/row", Digits: 1},
	}}
	for _, writers := range r.o.Writers {
		for _, v := range variants() {
			s := summarise(cells, writers, v)
			l := s.latency()
			t.Add(bench.Word(strconv.Itoa(writers)), bench.Word(string(v)),
				bench.Figure(s.median(rate)), bench.Figure(s.least(rate)), bench.Figure(s.most(rate)),
				bench.Figure(s.of(s.none, rate)), bench.Figure(s.of(s.notify, rate)),
				bench.Figure(l.Milliseconds(0.5)), bench.Figure(l.Milliseconds(0.99)),
				bench.Figure(s.median(perRow(serverCPU))), bench.Figure(s.of(s.none, perRow(serverCPU))),
				bench.Figure(s.median(perRow(clientCPU))), bench.Figure(s.median(perRow(readerCPU))))
		}
	}
	return t
}

func (r *run) bulk(cells []cell) bench.Table {
	t := bench.Table{Key: "copy", Title: fmt.Sprintf("COPY of %s rows", bench.Format(float64(r.o.Rows), 0)), Columns: []bench.Column{
		{Key: "triggers", Title: "triggers"},
		{Key: "seconds", Title: "median", Unit: "s", Digits: 2},
		{Key: "lowestSeconds", Title: "lowest", Unit: "s", Digits: 2},
		{Key: "highestSeconds", Title: "highest", Unit: "s", Digits: 2},
		{Key: "serverCpuMicrosecondsPerRow", Title: "server CPU", Unit: "µs/row", Digits: 2},
		{Key: "serverCpuOfNone", Title: "of none", Unit: "x", Digits: 2},
		{Key: "sessionCpuMicrosecondsPerRow", Title: "its session", Unit: "µs/row", Digits: 2},
		{Key: "sessionCpuOfNone", Title: "of none", Unit: "x", Digits: 2},
		{Key: "clientCpuMicrosecondsPerRow", Title: "client CPU", Unit: "µs/row", Digits: 2},
		{Key: "readerCpuMicrosecondsPerRow", Title: "reader CPU", Unit: "µs/row", Digits: 2},
		{Key: "tableMegabytes", Title: "table", Unit: "MB", Digits: 1},
		{Key: "tableWithIndexesMegabytes", Title: "with indexes", Unit: "MB", Digits: 1},
		{Key: "logMegabytes", Title: "log", Unit: "MB", Digits: 1},
		{Key: "logOfTable", Title: "of table", Unit: "x", Digits: 2},
	}}
	megabytes := func(bytes figure) figure { return func(c *cell) float64 { return bytes(c) / 1e6 } }
	for _, v := range variants() {
		s := summarise(cells, 0, v)
		t.Add(bench.Word(string(v)),
			bench.Figure(s.median(duration)), bench.Figure(s.least(duration)), bench.Figure(s.most(duration)),
			bench.Figure(s.median(perRow(serverCPU))), bench.Figure(s.of(s.none, serverCPU)),
			bench.Figure(s.median(perRow(sessionCPU))), bench.Figure(s.of(s.none, sessionCPU)),
			bench.Figure(s.median(perRow(clientCPU))), bench.Figure(s.median(perRow(readerCPU))),
			bench.Figure(s.median(megabytes(func(c *cell) float64 { return c.tableBytes }))),
			bench.Figure(s.median(megabytes(func(c *cell) float64 { return c.totalBytes }))),
			bench.Figure(s.median(megabytes(func(c *cell) float64 { return c.logBytes }))),
			bench.Figure(s.median(logOfTable)))
	}
	return t
}

func logOfTable(c *cell) float64 { return c.logBytes / c.tableBytes }

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
	if r.o.CommitDelay >= barDelay {
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
	if r.o.Rows < barRows {
		for i := range bulk {
			bulk[i] = bulk[i].Waive(fmt.Sprintf("for %s rows", bench.Format(barRows, 0)))
		}
	}
	return append(bars, bulk...)
}

// chart compares the variants at each load.
func (r *run) chart(cells []cell, key, title, unit string, loads []int, f figure) bench.Chart {
	c := bench.Chart{Key: key, Title: title, X: bench.Axis{Title: "writers"}, Y: bench.Axis{Title: unit}}
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
			series.Points = append(series.Points, bench.Point{Y: s.median(f), Low: s.least(f), High: s.most(f)})
		}
		c.Series = append(c.Series, series)
	}
	return c
}
