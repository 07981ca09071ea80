package hub_test

import (
	"testing"

	"rowcast/internal/feed"
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
