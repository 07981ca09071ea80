package fanout

import (
	"fmt"
	"strings"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"
)

// The bars.
const (
	pacedRatio     = 1.25 // times bare write(2), for barClients
	burstCPU       = 1.3  // µs a delivery
	idleRSS        = 10   // KB a connection, with barIdle of them
	idleRSSSocket  = 12   // the same with Socket.IO
	referenceRate  = 4    // times the deliveries of the reference in a burst
	referencePaced = 0.6  // of its CPU a delivery
	barClients     = 1000
	barIdle        = 10_000
	kilobyte       = 1000
	// tooLate is from when on a side does not keep the pace.
	tooLate = 500 * time.Millisecond
	behind  = "the machine did not keep the pace"
)

// Fill puts the figures into a report: those of the sides, Rowcast first and the bare
// writer last, and of silent connections.
func Fill(report *bench.Report, s Settings, sides []*Side, idle []Idle) {
	report.Tables = append(report.Tables, deliveries(sides))
	report.Bars = append(report.Bars, bars(s, sides)...)
	if len(idle) > 0 {
		report.Tables = append(report.Tables, silent(idle))
		report.Bars = append(report.Bars, silentBar(s, idle[0]))
	}
	c := bench.Chart{Key: "cpuPerDelivery", Title: "CPU per delivery, by round", X: "round", Y: "CPU (µs)"}
	for n := range s.Rounds {
		c.Categories = append(c.Categories, fmt.Sprint(n+1))
	}
	for _, side := range sides {
		series := bench.Series{Name: side.Name}
		for _, b := range side.Blocks {
			series.Columns = append(series.Columns, b.CPUPerDelivery())
		}
		c.Series = append(c.Series, series)
	}
	report.Charts = append(report.Charts, c)
	report.Notes = append(report.Notes, notes(s, sides)...)
}

func notes(s Settings, sides []*Side) []string {
	pace := fmt.Sprintf("%v changes a second", s.Rate)
	if s.Mode == Burst {
		pace = fmt.Sprintf("bursts of %d changes", s.Burst)
	}
	var names []string
	late := time.Duration(0)
	for _, side := range sides {
		names, late = append(names, side.Name), max(late, side.Total().Late)
	}
	all := []string{fmt.Sprintf("Clients: %d, wire: %s, %s, in %d rounds in which %s take turns. Every client has received every event once.",
		s.Clients, s.Wire, pace, s.Rounds, strings.Join(names, ", "))}
	if s.Source == FromHub {
		all = append(all, "Changes came straight into the hub: mapping, encoding and fan-out are measured, the change log is not.")
	}
	if s.Reference {
		all = append(all, fmt.Sprintf("A bare write(2) of each frame takes %.2f of the CPU of the reference. "+
			"The reference runs in one process with the default settings, sends the same data and meta, checks no tokens and keeps no history.",
			sides[2].Total().CPUPerDelivery()/sides[1].Total().CPUPerDelivery()))
	}
	if late > tooLate && s.Mode == Paced {
		all = append(all, fmt.Sprintf("A change or the last delivery was %.1f s late: %s. Choose a lower --rate, or fewer --clients.", late.Seconds(), behind))
	}
	return all
}

func deliveries(sides []*Side) bench.Table {
	t := bench.Table{Key: "deliveries", Title: "Deliveries", Columns: []bench.Column{
		bench.Col("side", "side", "", 0), bench.Col("deliveries", "deliveries", "", 0), bench.Col("bytesPerDelivery", "size", "B", 0),
		bench.Col("deliveriesPerSecond", "rate", "/s", 0), bench.Col("cpuMicrosecondsPerDelivery", "CPU", "µs/delivery", 2),
		bench.Col("allocationsPerDelivery", "allocations", "/delivery", 3), bench.Col("latestMilliseconds", "late at most", "ms", 1),
	}}
	for _, side := range sides {
		b := side.Total()
		n := float64(b.Deliveries)
		mallocs := float64(b.Mallocs) / n
		if b.Mallocs == 0 { // Node does not tell
			mallocs = bench.Unknown()
		}
		t.Add(append([]bench.Cell{bench.Word(side.Name)},
			bench.Figures(n, float64(b.Bytes)/n, b.PerSecond(), b.CPUPerDelivery(), mallocs, b.Late.Seconds()*1000)...)...)
	}
	return t
}

func silent(idle []Idle) bench.Table {
	t := bench.Table{Key: "idleConnections", Title: "Silent connections that have joined", Columns: []bench.Column{
		bench.Col("side", "side", "", 0), bench.Col("connections", "connections", "", 0), bench.Col("rssKilobytesPerConnection", "RSS", "KB each", 1),
		bench.Col("collectedKilobytesPerConnection", "RSS, collected", "KB each", 1), bench.Col("heapKilobytesPerConnection", "heap", "KB each", 1),
		bench.Col("stackKilobytesPerConnection", "stacks", "KB each", 1),
	}}
	for _, i := range idle {
		t.Add(append([]bench.Cell{bench.Word(i.Name)},
			bench.Figures(float64(i.Connections), i.RSS/kilobyte, i.Collected/kilobyte, i.Heap/kilobyte, i.Stacks/kilobyte)...)...)
	}
	return t
}

func silentBar(s Settings, idle Idle) bench.Bar {
	limit := float64(idleRSS)
	if s.Wire == load.SocketIO {
		limit = idleRSSSocket
	}
	rss := bench.Judge("idleRssKilobytes", "RSS per silent connection", idle.RSS/kilobyte, bench.AtMost, limit, "KB")
	if idle.Connections != barIdle {
		rss = rss.Waive(fmt.Sprintf("for %d connections", barIdle))
	}
	return rss
}

// bars are those of deliveries; each says when it does not apply.
func bars(s Settings, sides []*Side) (all []bench.Bar) {
	server, bare := sides[0].Total(), sides[len(sides)-1].Total()
	// Whatever looks better only because it was behind does not count: a server that
	// is behind sends several events at once, which is cheaper.
	judge := func(b bench.Bar, mode string, late bool) {
		switch {
		case s.Mode != mode:
			b = b.Waive("for --mode " + mode)
		case late:
			b = b.Waive(behind)
		case s.Clients != barClients:
			b = b.Waive(fmt.Sprintf("for %d clients", barClients))
		}
		all = append(all, b)
	}
	if s.Reference {
		reference := sides[1].Total()
		judge(bench.Judge("referenceBurstRatio", "burst, deliveries a second of the reference",
			server.PerSecond()/reference.PerSecond(), bench.AtLeast, referenceRate, "x"), Burst, false)
		paced := bench.Judge("referencePacedCpuRatio", "paced, CPU per delivery of the reference",
			server.CPUPerDelivery()/reference.CPUPerDelivery(), bench.AtMost, referencePaced, "x")
		judge(paced, Paced, server.Late > tooLate && paced.Verdict == bench.Met || reference.Late > tooLate && paced.Verdict == bench.Missed)
	}
	paced := bench.Judge("pacedCpuRatio", "paced, CPU per delivery of bare write(2)", server.CPUPerDelivery()/bare.CPUPerDelivery(), bench.AtMost, pacedRatio, "x")
	judge(paced, Paced, max(server.Late, bare.Late) > tooLate && paced.Verdict == bench.Met)
	burst := bench.Judge("burstCpuMicroseconds", "burst, CPU per delivery", server.CPUPerDelivery(), bench.AtMost, burstCPU, "µs")
	if s.Mode != Burst {
		burst = burst.Waive("for --mode burst")
	}
	return append(all, burst)
}
