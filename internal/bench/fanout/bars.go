package fanout

import (
	"fmt"
	"time"

	"rowcast/internal/bench"
)

// The bars.
const (
	pacedRatio     = 1.25 // times bare write(2), barClients of one tenant
	burstCPU       = 1.3  // µs a delivery
	idleRSS        = 10   // KB a connection, with barIdle of them
	idleRSSSocket  = 12   // the same with Socket.IO
	referenceRate  = 4    // times the deliveries of the reference in a burst
	referencePaced = 0.6  // of its CPU a delivery
	barClients     = 1000
	barIdle        = 10_000
	kilobyte       = 1000
	// tooLate is from when on the machine does not keep the pace.
	tooLate = 500 * time.Millisecond
	behind  = "the machine did not keep the pace"
)

// late says whether a side did not keep the pace.
func (b Block) late() bool { return b.Late > tooLate }

// bars are those of the whole; each says when it does not apply.
func (r *Result) bars(s Settings) []bench.Bar {
	server, reference, bare := Total(r.Server), Total(r.Reference), Total(r.Bare)
	var bars []bench.Bar
	if len(r.Reference) > 0 {
		bars = append(bars, againstReference(s, server, reference)...)
	}
	paced := bench.Judge("pacedCpuRatio", "paced, CPU per delivery of bare write(2)", server.CPUPerDelivery()/bare.CPUPerDelivery(), bench.AtMost, pacedRatio, "x")
	burst := bench.Judge("burstCpuMicroseconds", "burst, CPU per delivery", server.CPUPerDelivery(), bench.AtMost, burstCPU, "µs")
	switch {
	case s.Mode != Paced:
		paced = paced.Waive("for --mode paced")
	case (server.late() || bare.late()) && paced.Verdict == bench.Met:
		// A server that is behind sends several events at once, which is cheaper.
		paced = paced.Waive(behind)
	case s.Clients != barClients || s.Tenants != 1:
		paced = paced.Waive(crowd)
	}
	if s.Mode != Burst {
		burst = burst.Waive("for --mode burst")
	}
	bars = append(bars, paced, burst)
	if r.Idle.Connections > 0 {
		limit := float64(idleRSS)
		if s.Wire == SocketIO {
			limit = idleRSSSocket
		}
		rss := bench.Judge("idleRssKilobytes", "RSS per silent connection", r.Idle.RSS/kilobyte, bench.AtMost, limit, "KB")
		if r.Idle.Connections != barIdle {
			rss = rss.Waive(fmt.Sprintf("for %d connections", barIdle))
		}
		bars = append(bars, rss)
	}
	return append(bars, bench.Judge("unheardEvents", "events encoded for a tenant that nobody has joined", float64(r.Unheard.Events), bench.AtMost, 0, ""))
}

// crowd says which clients bars are about.
const crowd = "for 1000 clients of one tenant"

// againstReference are the bars beside the reference.
func againstReference(s Settings, server, reference Block) []bench.Bar {
	burst := bench.Judge("referenceBurstRatio", "burst, deliveries a second of the reference", server.PerSecond()/reference.PerSecond(), bench.AtLeast, referenceRate, "x")
	paced := bench.Judge("referencePacedCpuRatio", "paced, CPU per delivery of the reference",
		server.CPUPerDelivery()/reference.CPUPerDelivery(), bench.AtMost, referencePaced, "x")
	switch {
	case s.Mode != Burst:
		burst = burst.Waive("for --mode burst")
	case s.Clients != barClients || s.Tenants != 1:
		burst = burst.Waive(crowd)
	}
	switch {
	case s.Mode != Paced:
		paced = paced.Waive("for --mode paced")
	case server.late() && paced.Verdict == bench.Met, reference.late() && paced.Verdict == bench.Missed:
		// What looks better only because it was behind does not count.
		paced = paced.Waive(behind)
	case s.Clients != barClients || s.Tenants != 1:
		paced = paced.Waive(crowd)
	}
	return []bench.Bar{burst, paced}
}
