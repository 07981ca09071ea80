package instructions

import (
	"fmt"
	"runtime"
	"strings"

	"rowcast/internal/bench"
)

// Report adds the table and the bars. A result without figures leaves the
// bars, which then do not apply, and a note.
func (r Result) Report(report *bench.Report) {
	report.Bars = append(report.Bars, r.bars(runtime.GOARCH)...)
	if r.why != "" {
		report.Notes = append(report.Notes, "Instructions were not counted: "+r.why+".")
		return
	}
	report.Tables = append(report.Tables, r.table())
	report.Notes = append(report.Notes, fmt.Sprintf(
		"Instructions are the mean of %d statements after %d others, in a session of PostgreSQL without a server; how busy the machine is does not change them.",
		counted, warmUp))
}

func (r Result) table() bench.Table {
	t := bench.Table{Key: "instructions", Title: "Instructions of one statement of one row, on a narrow table", Columns: []bench.Column{
		bench.Col("statement", "statement", "", 0), bench.Col("noneInstructions", "without triggers", "", 0),
		bench.Col("rowcastInstructions", "watched", "", 0), bench.Col("addedInstructions", "added", "", 0), bench.Col("ofNone", "of none", "x", 2),
	}}
	for _, c := range r.counts {
		t.Add(append([]bench.Cell{bench.Word(c.name)}, bench.Figures(c.without, c.with, c.with-c.without, c.with/c.without)...)...)
	}
	return t
}

// What the bars were counted with.
const (
	barPostgres  = "15."
	barProcessor = "amd64"
)

// bars judges each statement that has one.
func (r Result) bars(processor string) []bench.Bar {
	added := map[string]float64{}
	for _, c := range r.counts {
		added[c.name] = c.with - c.without
	}
	var bars []bench.Bar
	for _, s := range statements() {
		if s.most == 0 {
			continue
		}
		figure, known := added[s.name]
		if !known {
			figure = bench.Unknown()
		}
		b := bench.Judge(s.name+"AddedInstructions", "instructions added to "+s.name+" of one row", figure, bench.AtMost, float64(s.most), "")
		switch {
		case r.why != "":
			b = b.Waive("not counted, see the notes")
		case !known:
			b = b.Waive(s.name + " was not asked for")
		case !strings.HasPrefix(r.postgres, barPostgres) || processor != barProcessor:
			b = b.Waive("for PostgreSQL 15 on " + barProcessor)
		}
		bars = append(bars, b)
	}
	return bars
}
