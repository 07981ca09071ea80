package fanout

import (
	"fmt"
	"time"

	"rowcast/internal/bench"
)

// The bars.
const (
	pacedRatio = 1.25 // times bare write(2), barClients of one tenant
	burstCPU   = 1.3  // µs a delivery
	idleRSS    = 10   // KB a connection, with barIdle of them
	barClients = 1000
	barIdle    = 10_000
	kilobyte   = 1000
	// tooLate is from when on the machine does not keep the pace.
	tooLate = 500 * time.Millisecond
)

func late(server, bare Block) bool { return max(server.Late, bare.Late) > tooLate }

// Fill puts the figures into a report.
func (r *Result) Fill(report *bench.Report, s Settings) {
	server, bare := Total(r.Server), Total(r.Bare)
	report.Tables = append(report.Tables, r.deliveries(server, bare), r.Unheard.table())
	report.Bars = append(report.Bars, r.bars(s, server, bare)...)
	if r.Idle.Connections > 0 {
		report.Tables = append(report.Tables, r.Idle.table())
	}
	report.Charts = append(report.Charts, r.chart())
	pace := fmt.Sprintf("%v changes a second", s.Rate)
	if s.Mode == Burst {
		pace = fmt.Sprintf("bursts of %d changes", s.Burst)
	}
	report.Notes = append(report.Notes, fmt.Sprintf("Clients: %d, tenants: %d, %s, in %d rounds in which the server and the bare writer take turns. "+
		"Every client has received every event of its tenant once.", s.Clients, s.Tenants, pace, s.Rounds))
	if s.Source == FromHub {
		report.Notes = append(report.Notes, "Changes came straight into the hub: mapping, encoding and fan-out are measured, the change log is not.")
	}
	if late(server, bare) {
		report.Notes = append(report.Notes, fmt.Sprintf("The machine did not keep the pace: a change was %.1f s late. Choose a lower --rate, or fewer --clients.",
			max(server.Late, bare.Late).Seconds()))
	}
}

func (r *Result) deliveries(server, bare Block) bench.Table {
	t := bench.Table{Key: "deliveries", Title: "Deliveries", Columns: []bench.Column{
		{Key: "side", Title: "side"},
		{Key: "deliveries", Title: "deliveries"},
		{Key: "bytesPerDelivery", Title: "size", Unit: "B"},
		{Key: "deliveriesPerSecond", Title: "rate", Unit: "/s"},
		{Key: "cpuMicrosecondsPerDelivery", Title: "CPU", Unit: "µs/delivery", Digits: 2},
		{Key: "allocationsPerDelivery", Title: "allocations", Unit: "/delivery", Digits: 3},
		{Key: "latestMilliseconds", Title: "late at most", Unit: "ms", Digits: 1},
	}}
	for _, side := range []struct {
		name string
		b    Block
	}{{"Rowcast", server}, {"bare write(2)", bare}} {
		t.Add(bench.Word(side.name), bench.Figure(side.b.Deliveries), bench.Figure(float64(side.b.Bytes)/float64(side.b.Deliveries)),
			bench.Figure(side.b.PerSecond()), bench.Figure(side.b.CPUPerDelivery()), bench.Figure(side.b.MallocsPerDelivery()),
			bench.Figure(side.b.Late.Seconds()*1000))
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

func (i Idle) table() bench.Table {
	t := bench.Table{Key: "idleConnections", Title: "Silent connections that have joined", Columns: []bench.Column{
		{Key: "connections", Title: "connections"},
		{Key: "rssKilobytesPerConnection", Title: "RSS", Unit: "KB each", Digits: 1},
		{Key: "collectedKilobytesPerConnection", Title: "RSS, collected", Unit: "KB each", Digits: 1},
		{Key: "heapKilobytesPerConnection", Title: "heap", Unit: "KB each", Digits: 1},
		{Key: "stackKilobytesPerConnection", Title: "stacks", Unit: "KB each", Digits: 1},
	}}
	cells := []bench.Cell{bench.Figure(i.Connections)}
	for _, bytes := range []float64{i.RSS, i.Collected, i.Heap, i.Stacks} {
		cells = append(cells, bench.Figure(bytes/kilobyte))
	}
	t.Add(cells...)
	return t
}

// bars are those of the whole; each says when it does not apply.
func (r *Result) bars(s Settings, server, bare Block) []bench.Bar {
	paced := bench.Judge("pacedCpuRatio", "paced, CPU per delivery of bare write(2)", server.CPUPerDelivery()/bare.CPUPerDelivery(), bench.AtMost, pacedRatio, "x")
	burst := bench.Judge("burstCpuMicroseconds", "burst, CPU per delivery", server.CPUPerDelivery(), bench.AtMost, burstCPU, "µs")
	switch {
	case s.Mode != Paced:
		paced = paced.Waive("for --mode paced")
	case late(server, bare) && paced.Verdict == bench.Met:
		// A server that is behind sends several events at once, which is cheaper.
		paced = paced.Waive("the machine did not keep the pace")
	case s.Clients != barClients || s.Tenants != 1:
		paced = paced.Waive(fmt.Sprintf("for %d clients of one tenant", barClients))
	}
	if s.Mode != Burst {
		burst = burst.Waive("for --mode burst")
	}
	bars := []bench.Bar{paced, burst}
	if r.Idle.Connections > 0 {
		rss := bench.Judge("idleRssKilobytes", "RSS per silent connection", r.Idle.RSS/kilobyte, bench.AtMost, idleRSS, "KB")
		if r.Idle.Connections != barIdle {
			rss = rss.Waive(fmt.Sprintf("for %d connections", barIdle))
		}
		bars = append(bars, rss)
	}
	return append(bars, bench.Judge("unheardEvents", "events encoded for a tenant that nobody has joined", float64(r.Unheard.Events), bench.AtMost, 0, ""))
}

func (r *Result) chart() bench.Chart {
	c := bench.Chart{
		Key: "cpuPerDelivery", Title: "CPU per delivery, by round", X: bench.Axis{Title: "round"}, Y: bench.Axis{Title: "CPU", Unit: "µs"},
		Series: []bench.Series{{Name: "Rowcast"}, {Name: "bare write(2)"}},
	}
	for n := range r.Server {
		c.Categories = append(c.Categories, fmt.Sprint(n+1))
		c.Series[0].Points = append(c.Series[0].Points, bench.Point{Y: r.Server[n].CPUPerDelivery()})
		c.Series[1].Points = append(c.Series[1].Points, bench.Point{Y: r.Bare[n].CPUPerDelivery()})
	}
	return c
}
