package hub

import (
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/stream"
)

// Stats reads the counters.
func (h *Hub) Stats() room.Stats { return h.set.Stats() }

// Tenants has the tenants with the most sessions, at most limit of them, and how
// many there are.
func (h *Hub) Tenants(limit int) (list []stream.TenantStats, all int) {
	return h.set.Streams.List(limit)
}

// Joined are the names of the tenants that somebody has joined.
func (h *Hub) Joined() []string { return h.set.Streams.Joined() }
