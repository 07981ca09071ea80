package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"rowcast/internal/hub/registry"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// tick is how often the sessions of one part of the registry are looked at.
const tick = time.Second / registry.Parts

// pruneEvery is how often unused tenants are looked for.
const pruneEvery = 5 * time.Second

// Run fans out until ctx ends, then ends all sessions and returns when every
// goroutine of the hub has stopped. Call it once.
func (h *Hub) Run(ctx context.Context) error {
	for range h.set.Workers {
		h.set.Spawn(h.set.Streams.Work)
	}
	h.set.Spawn(h.set.Dashboards)
	h.watch(ctx)

	h.set.Close()
	for _, s := range h.set.All() {
		s.Fail(signal.Shutdown)
	}
	h.set.Stop()
	return nil
}

// watch looks after time: heartbeats, deadlines, silent sessions, an absent tail,
// unused tenants.
func (h *Hub) watch(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var list []*session.Session
	var pruned time.Time
	reported := false
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, elapsed := time.Now(), h.set.Elapsed()
		list = h.set.In(turn%registry.Parts, list[:0])
		for _, s := range list {
			s.Sweep(elapsed)
		}
		clear(list)
		reported = h.reportOutage(now, reported)
		if now.Sub(pruned) >= pruneEvery {
			h.set.Streams.Prune(now)
			h.set.Pages.Prune(now)
			pruned = now
		}
	}
}

// Draining says whether new sessions are refused.
func (h *Hub) Draining() bool { return h.set.Closed() }

// Drain refuses new sessions, asks every client to come back in a while, spread over
// time by their number, and returns when all have left or ctx ends.
func (h *Hub) Drain(ctx context.Context) error {
	h.set.Close()
	list := h.set.All()
	spread := min(max(time.Second, time.Duration(len(list))*time.Millisecond), 30*time.Second)
	for _, s := range list {
		retry := spread/2 + rand.N(spread)
		s.Close(signal.Shutdown, fmt.Sprintf("retry=%dms", retry.Milliseconds()))
	}
	select {
	case <-h.set.Empty():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d sessions to end: %w", h.set.Stats().Sessions, ctx.Err())
	}
}
