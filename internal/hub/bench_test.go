package hub_test

import (
	"runtime"
	"testing"

	"rowcast/internal/feed"
	"rowcast/internal/hub/session"
)

// BenchmarkPublishNobodyJoined is a batch of one change of a tenant without
// clients. The fan-out to real sockets is measured in package ws.
func BenchmarkPublishNobodyJoined(b *testing.B) {
	h := setup(b, nil)
	defer h.stop()
	batch := []feed.Change{h.history.seal("T", 1, true, "data")}
	b.ReportAllocs()
	for b.Loop() {
		h.Publish(batch, 1)
	}
}

// BenchmarkWithheld is a change that 1,000 clients with a filter do not get, each time
// 100 of them and then one that they get. The figure is for one change and client.
func BenchmarkWithheld(b *testing.B) {
	const clients, rest = 1000, 100
	h := setup(b, nil)
	defer h.stop()
	conns := make([]*conn, clients)
	for i := range conns {
		conns[i] = newConn(unlimited)
		if err := h.open(b, conns[i]).Join(session.Request{Tenant: "T", See: see(viewOf(b, 1))}); err != nil {
			b.Fatal(err)
		}
	}
	for h.Stats().Subscriptions < clients {
		runtime.Gosched()
	}
	other, own := write(content{number: 2}, "x"), write(content{number: 1}, "x")
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		batch := make([]feed.Change, 0, rest+1)
		for range rest {
			batch = append(batch, h.history.seal("T", 1, false, other))
		}
		batch = append(batch, h.history.seal("T", 1, false, own))
		for i := range batch {
			h.Publish(batch[i:i+1], h.history.sequence)
		}
		for n += clients; h.Stats().Deliveries < n; {
			runtime.Gosched()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rest/clients, "ns/withheld")
}
