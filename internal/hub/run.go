package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"rowcast/internal/hub/registry"
)

// tick is how often the sessions of one part of the registry are looked at.
const tick = time.Second / registry.Parts

// pruneEvery is how often unused tenants are looked for.
const pruneEvery = 5 * time.Second

// Run fans out until ctx ends, then ends all sessions and returns when every
// goroutine of the hub has stopped. Call it once.
func (h *Hub) Run(ctx context.Context) error {
	for range h.opts.Workers {
		h.spawn(h.streams.Work)
	}
	h.spawn(func() { h.streams.Dashboards(h.ctx) })
	h.watch(ctx)

	h.sessions.Close()
	for _, s := range h.sessions.All() {
		s.Close(Shutdown, "")
		s.closeNow()
	}
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.stop()
	h.streams.Stop()
	h.wg.Wait()
	return nil
}

// watch looks after time: heartbeats, deadlines, silent sessions, an absent tail,
// unused tenants.
func (h *Hub) watch(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var list []*Session
	var pruned time.Time
	reported := false
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, elapsed := time.Now(), h.opts.Elapsed()
		list = h.sessions.In(turn%registry.Parts, list[:0])
		for _, s := range list {
			s.sweep(elapsed)
		}
		clear(list)
		reported = h.tellOutage(now, reported)
		if now.Sub(pruned) >= pruneEvery {
			h.streams.Prune(now)
			h.pages.Prune(now)
			pruned = now
		}
	}
}

// Draining says whether new sessions are refused.
func (h *Hub) Draining() bool { return h.sessions.Closed() }

// Drain refuses new sessions, tells every client to come back in a while,
// spread over time by their number, and returns when all have left or ctx
// ends.
func (h *Hub) Drain(ctx context.Context) error {
	h.sessions.Close()
	list := h.sessions.All()
	spread := min(max(time.Second, time.Duration(len(list))*time.Millisecond), 30*time.Second)
	for _, s := range list {
		retry := spread/2 + rand.N(spread)
		s.Close(Shutdown, fmt.Sprintf("retry=%dms", retry.Milliseconds()))
	}
	select {
	case <-h.sessions.Empty():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d sessions to end: %w", h.count.sessions.Load(), ctx.Err())
	}
}
