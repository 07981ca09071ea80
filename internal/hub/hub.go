package hub

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
	"rowcast/internal/hub/registry"
	"rowcast/internal/hub/stream"
	"rowcast/internal/limit"
)

var (
	// ErrDraining refuses a session because the hub is shutting down.
	ErrDraining = errors.New("shutting down")
	// ErrTooManyTenants refuses to join one tenant too many.
	ErrTooManyTenants = errors.New("too many tenants")
	// ErrTenantFull refuses to join a tenant that too many have joined.
	ErrTenantFull = errors.New("too many connections of the tenant")
	// ErrTooManyJoins refuses to join a tenant again, as nothing that was asked
	// for before is answered.
	ErrTooManyJoins = errors.New("too many requests to join wait")
)

// Hub fans changes out to sessions. See the package comment.
type Hub struct {
	opts Options
	// ctx ends with Run: reads of the history and waits hang on it.
	ctx  context.Context
	stop context.CancelFunc

	streams  *stream.Streams
	sessions *registry.Registry[*Session]
	count    counters
	pages    *page.Cache
	// encoders are the indices of Options.Encoders.
	encoders map[Encoder]int
	// reads are the turns of reading the history.
	reads *limit.Turns

	// mu is the innermost lock.
	mu      sync.Mutex
	stopped bool
	wg      sync.WaitGroup
}

// New makes a hub. It does nothing until Run.
func New(o Options) (*Hub, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Hub{opts: o, encoders: map[Encoder]int{}, sessions: registry.New[*Session](), reads: limit.NewTurns(limit.Bounds{All: o.Readers}, limit.Bounds{})}
	appenders := make([]stream.Encoder, len(o.Encoders))
	for i, w := range o.Encoders {
		appenders[i], h.encoders[w] = w, i
	}
	if len(h.encoders) < len(o.Encoders) {
		return nil, errors.New("hub: Options.Encoders has one twice")
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.pages = page.New(page.Options{Read: h.readPage, Turns: h.reads, Spawn: h.spawn})
	h.streams = stream.New(h.ctx, stream.Options{
		Head: h.readHead, Map: o.Map, DashboardReason: o.DashboardReason, DashboardEvent: o.DashboardEvent,
		Encoders: appenders, Hole: h.resync, Spawn: h.spawn, Delivered: o.Delivered, Unreadable: o.Unreadable, Log: o.Log,
		RingBytes: o.RingBytes, RingMemory: o.RingMemory, RingIdle: o.RingIdle,
	})
	return h, nil
}

// encoder is the index of one of Options.Encoders, or usual if it is nil.
func (h *Hub) encoder(w Encoder, usual int) (int, error) {
	if w == nil {
		return usual, nil
	}
	i, known := h.encoders[w]
	if !known {
		return 0, fmt.Errorf("hub: no encoder %v", w)
	}
	return i, nil
}

// Publish takes changes in commit order; sequence is that of the last change in
// the log of all tenants. An empty batch only sets it, which has to be done before
// the first Live(true). One goroutine publishes. It never waits for a client,
// only for the workers of Run when they cannot keep up. The changes and what
// they point to must not be modified afterwards.
func (h *Hub) Publish(changes []feed.Change, sequence int64) { h.streams.Publish(changes, sequence) }

// Live says whether the tail is live. While it is not, joins wait.
func (h *Hub) Live(live bool) { h.streams.Live(live) }

// Reset says that the history was rewritten: all rings are dropped, and every
// joined client is told to reset, with the text of reason, once the tail is
// live again. Reset implies Live(false); Publish(nil, sequence) and Live(true)
// have to follow.
func (h *Hub) Reset(reason error) {
	h.streams.Live(false)
	h.streams.Forget(nil)
	h.pages.Forget()
	for _, s := range h.sessions.All() {
		s.restart(nil, reason.Error())
	}
}

// resync has the subscriptions of a tenant whose ring has a hole continue from
// their cursors.
func (h *Hub) resync(t *stream.Stream) {
	for _, s := range h.sessions.All() {
		s.restart(t, "")
	}
}

// readHead reads the head of a tenant.
func (h *Hub) readHead(ctx context.Context, tenant string, sequence int64) (feed.Head, error) {
	turn, err := h.reads.Ask(limit.Who{Tenant: tenant})
	if err != nil {
		return feed.Head{}, fmt.Errorf("read head of tenant %q: %w", tenant, err)
	}
	defer turn.Leave()
	select {
	case <-turn.Mine():
	case <-ctx.Done():
		return feed.Head{}, ctx.Err()
	}
	head, err := h.opts.History.Head(ctx, tenant, sequence)
	if err != nil {
		return feed.Head{}, fmt.Errorf("read head of tenant %q: %w", tenant, err)
	}
	return head, nil
}

// spawn runs f in a goroutine that Run waits for. It is false once Run ends.
func (h *Hub) spawn(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return false
	}
	h.wg.Go(f)
	return true
}

// never is a time that does not come.
const never = time.Duration(math.MaxInt64)

// elapsedAt is a point in time by the clock of the hub, which counts from its
// beginning and which nobody sets. A zero time is never. One by the clock on the
// wall is as far away as that clock says now.
func (h *Hub) elapsedAt(t time.Time) time.Duration {
	now, left := h.opts.Elapsed(), time.Until(t)
	if t.IsZero() || left > never-now {
		return never
	}
	return now + left
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
