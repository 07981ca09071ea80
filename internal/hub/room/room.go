package room

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"rowcast/internal/access/limit"
	"rowcast/internal/hub/page"
	"rowcast/internal/hub/signal"
	"rowcast/internal/hub/stream"
)

// Room is what the sessions of a hub share.
type Room struct {
	Options
	// Streams and Pages are where events come from.
	Streams *stream.Streams
	Pages   *page.Cache
	Count   Counters

	// ctx ends with Stop: reads of the history and waits hang on it.
	ctx  context.Context
	stop context.CancelFunc
	// encoders are the indices of Options.Encoders.
	encoders map[signal.Encoder]int
	// reads are the turns of reading the history.
	reads *limit.Turns

	// mu is the innermost lock.
	mu      sync.Mutex
	stopped bool
	wg      sync.WaitGroup
}

// New makes a room. hole is called for a tenant whose ring has a hole.
func New(o Options, hole func(t *stream.Stream)) (*Room, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Room{Options: o, encoders: map[signal.Encoder]int{}, reads: limit.NewTurns(limit.Bounds{All: o.Readers}, limit.Bounds{})}
	appenders := make([]stream.Encoder, len(o.Encoders))
	for i, w := range o.Encoders {
		appenders[i], h.encoders[w] = w, i
	}
	if len(h.encoders) < len(o.Encoders) {
		return nil, errors.New("hub: Options.Encoders has one twice")
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.Pages = page.New(page.Options{Read: h.readPage, Turns: h.reads, Spawn: h.Spawn})
	h.Streams = stream.New(h.ctx, stream.Options{
		Head: h.readHead, Map: o.Map, Own: o.Own, DashboardReason: o.DashboardReason, DashboardEvent: o.DashboardEvent,
		Encoders: appenders, Hole: hole, Spawn: h.Spawn, Delivered: o.Delivered, Unreadable: o.Unreadable, Log: o.Log,
		RingBytes: o.RingBytes, RingMemory: o.RingMemory, RingIdle: o.RingIdle,
	})
	return h, nil
}

// Encoder is the index of one of Options.Encoders, or usual if it is nil.
func (h *Room) Encoder(w signal.Encoder, usual int) (int, error) {
	if w == nil {
		return usual, nil
	}
	i, known := h.encoders[w]
	if !known {
		return 0, fmt.Errorf("hub: no encoder %v", w)
	}
	return i, nil
}

// Spawn runs f in a goroutine that Stop waits for. It returns false once that was called.
func (h *Room) Spawn(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return false
	}
	h.wg.Go(f)
	return true
}

// Stop ends everything that Spawn began, when the sessions have ended, and waits for it.
func (h *Room) Stop() {
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.stop()
	h.Streams.Stop()
	h.wg.Wait()
}

// Context ends with Stop.
func (h *Room) Context() context.Context { return h.ctx }

// Dashboards makes the coalesced events until Stop.
func (h *Room) Dashboards() { h.Streams.Dashboards(h.ctx) }

// Never is a moment that does not come.
const Never = time.Duration(math.MaxInt64)

// ElapsedAt is a point in time by the clock of the hub, which counts from its
// beginning and which nobody sets. A zero time is never. One by the clock on the
// wall is as far away as that clock says now.
func (h *Room) ElapsedAt(t time.Time) time.Duration {
	now, left := h.Elapsed(), time.Until(t)
	if t.IsZero() || left > Never-now {
		return Never
	}
	return now + left
}
