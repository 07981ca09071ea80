package room

import (
	"maps"
	"sync"
	"sync/atomic"

	"rowcast/internal/errcode"
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
	// CatchUps are pages of the history that clients were served, HistoryReads those
	// that were read for it. Resets were sent to clients.
	CatchUps, HistoryReads, Resets int64
	// Decisions are those of views on changes. Filtered events were not for a view, and Hidden
	// ones not for one that sees less by the policy, once
	// for each ring, and Private ones for one subject.
	Decisions, Filtered, Hidden, Private int64
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

// Counters are what Stats is made of.
type Counters struct {
	// Deliveries are those outside of what the streams offer.
	Sessions, Blocked, Subscriptions, Deliveries, CatchUps, Resets atomic.Int64
	reads                                                          atomic.Int64
	transports                                                     [maxEncoders]atomic.Int64

	mu     sync.Mutex
	closes map[errcode.Code]int64
}

// Opened counts a session that was opened, or n of them.
func (c *Counters) Opened(encoder int, n int64) {
	c.Sessions.Add(n)
	c.transports[encoder].Add(n)
}

// Closed counts a session that has ended.
func (c *Counters) Closed(encoder int, code errcode.Code) {
	c.Opened(encoder, -1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closes == nil {
		c.closes = make(map[errcode.Code]int64)
	}
	c.closes[code]++
}

// Stats reads the counters.
func (h *Room) Stats() Stats {
	c := &h.Count
	c.mu.Lock()
	closes := maps.Clone(c.closes)
	c.mu.Unlock()
	transports := map[string]int64{}
	for i, w := range h.Encoders {
		transports[w.Name()] += c.transports[i].Load()
	}
	ringMemory, ringBudget := h.Streams.Memory()
	return Stats{
		RingMemory: ringMemory, RingBudget: ringBudget, PageMemory: int64(h.Pages.Bytes()),
		Sessions: c.Sessions.Load(), Blocked: c.Blocked.Load(), Tenants: int64(h.Streams.Count()), Subscriptions: c.Subscriptions.Load(),
		Events: h.Streams.Events.Load(), Deliveries: h.Streams.Offered.Load() + c.Deliveries.Load(),
		CatchUps: c.CatchUps.Load(), HistoryReads: c.reads.Load(), Resets: c.Resets.Load(), Closes: closes,
		Decisions: h.Streams.Decisions.Load(), Filtered: h.Streams.Filtered.Load(), Hidden: h.Streams.Hidden.Load(), Private: h.Streams.Private.Load(),
		Names: h.Streams.Names(), Transports: transports,
	}
}
