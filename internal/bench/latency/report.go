package latency

import (
	"fmt"
	"time"

	"rowcast/internal/bench"
)

// The bars. Those that compare hold at a low rate, those that do not at a high
// one, on two cores.
const (
	lowRate, highRate = 100, 2000
	overP50, overP99  = 1, 5  // ms above bare LISTEN at lowRate
	highP50, highP99  = 6, 20 // ms at highRate
	idleQueries       = 2     // a second
	idleShare         = 0.5   // % of a core
	p50, p99          = 0.5, 0.99
	// tooLate is from when on the writers do not keep the pace.
	tooLate = 500 * time.Millisecond
)

// fill puts the figures into a report.
func (r *run) fill(report *bench.Report, idle idleness) {
	t := bench.Table{Key: "fromIntendedCommit", Title: "From the intended commit to the client", Pictures: []string{"ms"}, Columns: []bench.Column{
		bench.Col("client", "client", "", 0), bench.Col("rows", "rows", "", 0), bench.Col("p50Milliseconds", "p50", "ms", 2),
		bench.Col("p90Milliseconds", "p90", "ms", 2), bench.Col("p99Milliseconds", "p99", "ms", 2), bench.Col("p999Milliseconds", "p99.9", "ms", 2),
		bench.Col("maxMilliseconds", "max", "ms", 2),
	}}
	for _, s := range []*side{r.rowcast, r.bare} {
		figures := []float64{float64(len(s.due))}
		for _, q := range []float64{p50, 0.9, p99, 0.999, 1} {
			figures = append(figures, s.milliseconds(q))
		}
		t.Add([]string{s.name}, figures...)
	}
	report.Tables = append(report.Tables, t)
	if r.Idle > 0 {
		t := bench.Table{Key: "idle", Title: "Idle, with clients joined", Columns: []bench.Column{
			bench.Col("queriesPerSecond", "queries", "/s", 1), bench.Col("serverCorePercent", "server", "% of a core", 2),
			bench.Col("sessionsCorePercent", "its sessions in PostgreSQL", "% of a core", 2),
		}}
		t.Add(nil, idle.queries, 100*idle.server, 100*idle.backends)
		report.Tables = append(report.Tables, t)
	}
	report.Bars = append(report.Bars, r.bars(idle)...)
	if late := max(r.rowcast.late, r.bare.late); late > tooLate {
		report.Notes = append(report.Notes, fmt.Sprintf("The database did not keep the pace: a commit began %.1f s late with Rowcast, %.1f s with bare LISTEN, "+
			"and latency has that wait in it. Choose a lower --rate.", r.rowcast.late.Seconds(), r.bare.late.Seconds()))
	}
	report.Notes = append(report.Notes,
		fmt.Sprintf("Both sides took turns in %d blocks of %s, each after %s that is not counted, with %v commits a second by at most %d writers at once. "+
			"Latency counts from when the commit was intended.",
			r.Blocks, (r.Duration/time.Duration(r.Blocks)).Round(time.Millisecond), leadIn, r.Rate, r.Writers),
		"Rowcast: a watched table and a WebSocket client of a server in a process of its own. Bare LISTEN: a row trigger with pg_notify of the row as JSON, "+
			"and a pgx connection; it keeps no history, so its clients miss what happens while they are away.")
}

// bars are those of the whole; each says when it does not apply.
func (r *run) bars(idle idleness) (bars []bench.Bar) {
	judge := func(key, name string, figure, wanted, rate float64) {
		b := bench.Judge(key, name, figure, bench.AtMost, wanted, "ms")
		if r.Rate != rate {
			b = b.Waive(fmt.Sprintf("for --rate %v", rate))
		}
		bars = append(bars, b)
	}
	ours, bare := r.rowcast, r.bare
	judge("p50OverBareMilliseconds", "p50 above bare LISTEN", ours.milliseconds(p50)-bare.milliseconds(p50), overP50, lowRate)
	judge("p99OverBareMilliseconds", "p99 above bare LISTEN", ours.milliseconds(p99)-bare.milliseconds(p99), overP99, lowRate)
	judge("p50Milliseconds", "p50", ours.milliseconds(p50), highP50, highRate)
	judge("p99Milliseconds", "p99", ours.milliseconds(p99), highP99, highRate)
	if r.Idle == 0 {
		return bars
	}
	share := idle.server
	if bench.Known(idle.backends) {
		share += idle.backends
	}
	queries := bench.Judge("idleQueriesPerSecond", "idle, queries", idle.queries, bench.AtMost, idleQueries, "/s")
	if idle.others > 0 {
		queries = queries.Waive("others use the database, and their transactions are counted as well")
	}
	return append(bars, queries,
		bench.Judge("idleCorePercent", "idle, server and its sessions", 100*share, bench.AtMost, idleShare, "% of a core"))
}
