package latency

import (
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
)

// The bars. Those that compare hold at a low rate, those that do not at a high
// one, on two cores.
const (
	lowRate, highRate   = 100, 2000
	overP50, overP99    = 1, 5  // ms above bare LISTEN at lowRate
	highP50, highP99    = 6, 20 // ms at highRate
	idleQueries         = 2     // a second
	idleShare           = 0.5   // % of a core
	p50, p90, p99, p999 = 0.5, 0.9, 0.99, 0.999
	// tooLate is from when on the writers do not keep the pace.
	tooLate = 500 * time.Millisecond
)

// Fill puts the figures into a report.
func (r *Result) Fill(report *bench.Report, o Settings) {
	report.Tables = append(report.Tables, r.table("fromIntendedCommit", "From the intended commit to the client", func(s *Side) *measure.Latency { return s.Due }),
		r.table("fromCommit", "From the return of the commit to the client", func(s *Side) *measure.Latency { return s.Returned }),
		r.table("commit", "From the intended commit to its return, without any client", func(s *Side) *measure.Latency { return s.Commit }))
	if o.Idle > 0 {
		report.Tables = append(report.Tables, r.Idle.table())
	}
	report.Bars = append(report.Bars, r.bars(o)...)
	report.Charts = append(report.Charts, bench.Chart{
		Key: "latency", Title: "From the intended commit to the client", X: measure.Percentiles(),
		Y: bench.Axis{Title: "latency", Unit: "ms", Log: true},
		Series: []bench.Series{
			{Name: "Rowcast", Points: r.Rowcast.Due.Curve()},
			{Name: "bare LISTEN", Points: r.Bare.Due.Curve()},
		},
	})
	if late := max(r.Rowcast.Late, r.Bare.Late); late > tooLate {
		report.Notes = append(report.Notes, fmt.Sprintf("The database did not keep the pace: a commit began %.1f s late with Rowcast, %.1f s with bare LISTEN, "+
			"and latency has that wait in it. Choose a lower --rate.", r.Rowcast.Late.Seconds(), r.Bare.Late.Seconds()))
	}
	report.Notes = append(report.Notes,
		fmt.Sprintf("Both sides took turns in %d blocks of %s, each after %s that is not counted, with %v commits a second by at most %d writers at once, "+
			"of %d tenants. Latency counts from when the commit was intended.",
			o.Blocks, (o.Duration/time.Duration(o.Blocks)).Round(time.Millisecond), o.LeadIn, o.Rate, o.Writers, o.Tenants),
		"Rowcast: a watched table and a WebSocket client of a server in a process of its own. Bare LISTEN: a row trigger with pg_notify of the row as JSON, "+
			"and a pgx connection; it keeps no history, so its clients miss what happens while they are away.")
}

func (r *Result) table(key, title string, of func(*Side) *measure.Latency) bench.Table {
	milliseconds := func(key, title string) bench.Column {
		return bench.Column{Key: key + "Milliseconds", Title: title, Unit: "ms", Digits: 2}
	}
	t := bench.Table{Key: key, Title: title, Columns: []bench.Column{
		{Key: "client", Title: "client"},
		{Key: "rows", Title: "rows"},
		milliseconds("p50", "p50"),
		milliseconds("p90", "p90"),
		milliseconds("p99", "p99"),
		milliseconds("p999", "p99.9"),
		milliseconds("max", "max"),
	}}
	for _, side := range []struct {
		name string
		l    *measure.Latency
	}{{"Rowcast", of(&r.Rowcast)}, {"bare LISTEN", of(&r.Bare)}} {
		t.Add(bench.Word(side.name), bench.Figure(side.l.Count()), bench.Figure(side.l.Milliseconds(p50)), bench.Figure(side.l.Milliseconds(p90)),
			bench.Figure(side.l.Milliseconds(p99)), bench.Figure(side.l.Milliseconds(p999)), bench.Figure(side.l.Milliseconds(1)))
	}
	return t
}

func (i Idle) table() bench.Table {
	t := bench.Table{Key: "idle", Title: "Idle, with clients joined", Columns: []bench.Column{
		{Key: "queriesPerSecond", Title: "queries", Unit: "/s", Digits: 1},
		{Key: "serverCorePercent", Title: "server", Unit: "% of a core", Digits: 2},
		{Key: "sessionsCorePercent", Title: "its sessions in PostgreSQL", Unit: "% of a core", Digits: 2},
	}}
	t.Add(bench.Figure(i.Queries), bench.Figure(100*i.Server), bench.Figure(100*i.Backends))
	return t
}

// bars are those of the whole; each says when it does not apply.
func (r *Result) bars(o Settings) []bench.Bar {
	over := func(q float64) float64 { return r.Rowcast.Due.Milliseconds(q) - r.Bare.Due.Milliseconds(q) }
	low := []bench.Bar{
		bench.Judge("p50OverBareMilliseconds", "p50 above bare LISTEN", over(p50), bench.AtMost, overP50, "ms"),
		bench.Judge("p99OverBareMilliseconds", "p99 above bare LISTEN", over(p99), bench.AtMost, overP99, "ms"),
	}
	high := []bench.Bar{
		bench.Judge("p50Milliseconds", "p50", r.Rowcast.Due.Milliseconds(p50), bench.AtMost, highP50, "ms"),
		bench.Judge("p99Milliseconds", "p99", r.Rowcast.Due.Milliseconds(p99), bench.AtMost, highP99, "ms"),
	}
	waive := func(bars []bench.Bar, wanted float64) {
		if o.Rate != wanted {
			for i, b := range bars {
				bars[i] = b.Waive(fmt.Sprintf("for --rate %v", wanted))
			}
		}
	}
	waive(low, lowRate)
	waive(high, highRate)
	bars := append(append(low, high...),
		bench.Judge("waitedForFallback", "events that waited for the fallback poll", float64(r.Rowcast.Waited), bench.AtMost, 0, ""))
	if o.Idle == 0 {
		return bars
	}
	share := r.Idle.Server
	if bench.Known(r.Idle.Backends) {
		share += r.Idle.Backends
	}
	queries := bench.Judge("idleQueriesPerSecond", "idle, queries", r.Idle.Queries, bench.AtMost, idleQueries, "/s")
	if r.Idle.Others > 0 {
		queries = queries.Waive("others use the database, and their transactions are counted as well")
	}
	return append(bars, queries,
		bench.Judge("idleCorePercent", "idle, server and its sessions", 100*share, bench.AtMost, idleShare, "% of a core"))
}
