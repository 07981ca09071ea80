package hub

import (
	"maps"
	"sync"
	"sync/atomic"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/stream"
)

// Stats are the counters of a hub at one moment.
type Stats struct {
	// Sessions are open now, of which Blocked wait for their connection.
	Sessions, Blocked int64
	// Tenants have a ring; Subscriptions is how often tenants are joined.
	Tenants, Subscriptions int64
	// Events were put into rings; Deliveries counts an event once for each
	// session that got it.
	Events, Deliveries int64
	// CatchUps are pages of the history that clients were served, HistoryReads
	// those that were read for it. Resets were told to clients.
	CatchUps, HistoryReads, Resets int64
	// RingMemory is what all rings take, of RingBudget that they may take.
	// PageMemory is what is kept of the history for clients that catch up.
	// All are bytes.
	RingMemory, RingBudget, PageMemory int64
	// Closes counts the ended sessions by code.
	Closes map[errcode.Code]int64
	// Names counts the events by name, beyond 256 names as "other".
	Names map[string]int64
	// Transports counts the sessions that are open by the name of their transport.
	Transports map[string]int64
}

// TenantStats are the figures of a tenant.
type TenantStats = stream.TenantStats

// Tenants has the tenants with the most sessions, at most limit of them, and how
// many there are.
func (h *Hub) Tenants(limit int) (list []TenantStats, all int) { return h.streams.List(limit) }

// Joined are the names of the tenants that somebody has joined.
func (h *Hub) Joined() []string { return h.streams.Joined() }

type counters struct {
	// deliveries are those outside of what the streams offer.
	sessions, blocked, subscriptions, deliveries, catchUps, reads, resets atomic.Int64
	transports                                                            [maxEncoders]atomic.Int64

	mu     sync.Mutex
	closes map[errcode.Code]int64
}

func (c *counters) opened(encoder int, n int64) {
	c.sessions.Add(n)
	c.transports[encoder].Add(n)
}

func (c *counters) closed(encoder int, code errcode.Code) {
	c.opened(encoder, -1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closes == nil {
		c.closes = make(map[errcode.Code]int64)
	}
	c.closes[code]++
}

// Stats reads the counters.
func (h *Hub) Stats() Stats {
	c := &h.count
	c.mu.Lock()
	closes := maps.Clone(c.closes)
	c.mu.Unlock()
	transports := map[string]int64{}
	for i, w := range h.opts.Encoders {
		transports[w.Name()] += c.transports[i].Load()
	}
	ringMemory, ringBudget := h.streams.Memory()
	return Stats{
		RingMemory: ringMemory, RingBudget: ringBudget, PageMemory: int64(h.pages.Bytes()),
		Sessions: c.sessions.Load(), Blocked: c.blocked.Load(), Tenants: int64(h.streams.Count()), Subscriptions: c.subscriptions.Load(),
		Events: h.streams.Events.Load(), Deliveries: h.streams.Offered.Load() + c.deliveries.Load(),
		CatchUps: c.catchUps.Load(), HistoryReads: c.reads.Load(), Resets: c.resets.Load(), Closes: closes,
		Names: h.streams.Names(), Transports: transports,
	}
}
