package fanout

import (
	"fmt"
	"strings"
	"time"

	"rowcast/internal/bench"
)

// sideOf is one side in a report.
type sideOf struct {
	name   string
	blocks []Block
}

// sides are those that took part.
func (r *Result) sides() []sideOf {
	all := []sideOf{{"Rowcast", r.Server}}
	if len(r.Reference) > 0 {
		all = append(all, sideOf{"socket.io on Node", r.Reference})
	}
	return append(all, sideOf{"bare write(2)", r.Bare})
}

// Fill puts the figures into a report.
func (r *Result) Fill(report *bench.Report, s Settings) {
	report.Tables = append(report.Tables, r.deliveries(), r.Unheard.table())
	report.Bars = append(report.Bars, r.bars(s)...)
	if r.Idle.Connections > 0 {
		report.Tables = append(report.Tables, r.idle())
	}
	report.Charts = append(report.Charts, r.chart())
	report.Notes = append(report.Notes, r.notes(s)...)
}

func (r *Result) notes(s Settings) []string {
	pace := fmt.Sprintf("%v changes a second", s.Rate)
	if s.Mode == Burst {
		pace = fmt.Sprintf("bursts of %d changes", s.Burst)
	}
	var names []string
	late := time.Duration(0)
	for _, side := range r.sides() {
		names = append(names, side.name)
		late = max(late, Total(side.blocks).Late)
	}
	notes := []string{fmt.Sprintf("Clients: %d, tenants: %d, wire: %s, %s, in %d rounds in which %s take turns. "+
		"Every client has received every event of its tenant once.", s.Clients, s.Tenants, s.Wire, pace, s.Rounds, strings.Join(names, ", "))}
	if s.Source == FromHub {
		notes = append(notes, "Changes came straight into the hub: mapping, encoding and fan-out are measured, the change log is not.")
	}
	if len(r.Reference) > 0 {
		notes = append(notes, fmt.Sprintf("A bare write(2) of each frame takes %.2f of the CPU of the reference. "+
			"The reference runs in one process with the default settings, sends the same data and meta, checks no tokens and keeps no history.",
			Total(r.Bare).CPUPerDelivery()/Total(r.Reference).CPUPerDelivery()))
	}
	if late > tooLate && s.Mode == Paced {
		notes = append(notes, fmt.Sprintf("The machine did not keep the pace: a change or the last delivery was %.1f s late. Choose a lower --rate, or fewer --clients.",
			late.Seconds()))
	}
	return notes
}

func (r *Result) deliveries() bench.Table {
	t := bench.Table{Key: "deliveries", Title: "Deliveries", Columns: []bench.Column{
		{Key: "side", Title: "side"},
		{Key: "deliveries", Title: "deliveries"},
		{Key: "bytesPerDelivery", Title: "size", Unit: "B"},
		{Key: "deliveriesPerSecond", Title: "rate", Unit: "/s"},
		{Key: "cpuMicrosecondsPerDelivery", Title: "CPU", Unit: "µs/delivery", Digits: 2},
		{Key: "allocationsPerDelivery", Title: "allocations", Unit: "/delivery", Digits: 3},
		{Key: "latestMilliseconds", Title: "late at most", Unit: "ms", Digits: 1},
	}}
	for _, side := range r.sides() {
		b := Total(side.blocks)
		mallocs := b.MallocsPerDelivery()
		if b.Mallocs == 0 { // Node does not tell
			mallocs = bench.Unknown()
		}
		t.Add(bench.Word(side.name), bench.Figure(b.Deliveries), bench.Figure(float64(b.Bytes)/float64(b.Deliveries)),
			bench.Figure(b.PerSecond()), bench.Figure(b.CPUPerDelivery()), bench.Figure(mallocs),
			bench.Figure(b.Late.Seconds()*1000))
	}
	return t
}

func (u Unheard) table() bench.Table {
	t := bench.Table{Key: "unheard", Title: "Changes of a tenant that nobody has joined", Columns: []bench.Column{
		{Key: "changes", Title: "changes"},
		{Key: "eventsEncoded", Title: "events encoded"},
		{Key: "allocationsPerChange", Title: "allocations", Unit: "/change", Digits: 2},
		{Key: "cpuMicrosecondsPerChange", Title: "CPU", Unit: "µs/change", Digits: 2},
	}}
	per := func(n float64) bench.Cell { return bench.Figure(n / float64(u.Changes)) }
	t.Add(bench.Figure(u.Changes), bench.Figure(u.Events), per(float64(u.Mallocs)), per(u.CPU.Seconds()*1e6))
	return t
}

func (r *Result) idle() bench.Table {
	t := bench.Table{Key: "idleConnections", Title: "Silent connections that have joined", Columns: []bench.Column{
		{Key: "side", Title: "side"},
		{Key: "connections", Title: "connections"},
		{Key: "rssKilobytesPerConnection", Title: "RSS", Unit: "KB each", Digits: 1},
		{Key: "collectedKilobytesPerConnection", Title: "RSS, collected", Unit: "KB each", Digits: 1},
		{Key: "heapKilobytesPerConnection", Title: "heap", Unit: "KB each", Digits: 1},
		{Key: "stackKilobytesPerConnection", Title: "stacks", Unit: "KB each", Digits: 1},
	}}
	for _, side := range []struct {
		name string
		idle Idle
	}{{"Rowcast", r.Idle}, {"socket.io on Node", r.ReferenceIdle}} {
		if side.idle.Connections == 0 {
			continue
		}
		cells := []bench.Cell{bench.Word(side.name), bench.Figure(side.idle.Connections)}
		for _, bytes := range []float64{side.idle.RSS, side.idle.Collected, side.idle.Heap, side.idle.Stacks} {
			cells = append(cells, bench.Figure(bytes/kilobyte))
		}
		t.Add(cells...)
	}
	return t
}

func (r *Result) chart() bench.Chart {
	c := bench.Chart{
		Key: "cpuPerDelivery", Title: "CPU per delivery, by round", X: bench.Axis{Title: "round"}, Y: bench.Axis{Title: "CPU", Unit: "µs"},
	}
	for n := range r.Server {
		c.Categories = append(c.Categories, fmt.Sprint(n+1))
	}
	for _, side := range r.sides() {
		series := bench.Series{Name: side.name}
		for _, b := range side.blocks {
			series.Points = append(series.Points, bench.Point{Y: b.CPUPerDelivery()})
		}
		c.Series = append(c.Series, series)
	}
	return c
}
