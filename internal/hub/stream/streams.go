package stream

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

// Encoder makes the frame of an event.
type Encoder interface {
	AppendEvent(dst []byte, e *feed.Event) []byte
}

// Follower is offered what is new.
type Follower interface {
	// Offer takes what the follower is behind of v, without waiting. scratch
	// is memory that it may use meanwhile. The answer is a number of events.
	Offer(v *ring.Window, scratch *[]byte) (events int)
	// Handle is where a stream keeps the follower.
	Handle() *Handle
	// Subjects are all that the follower is.
	Subjects() []view.Subject
}

// Handle belongs to the stream that is followed.
type Handle struct {
	ring  *followed
	index int
}

// Kind is a kind of subscriptions: those that get the same frames.
type Kind struct {
	// Encoder is an index of Options.Encoders.
	Encoder int
	// View is what they see; nil is everything.
	View *view.View
	// Rules is what Streams.Rules was before the view was made.
	Rules int64
}

// Options configures Streams. All fields are required but the dashboard's,
// Delivered and Unreadable.
type Options struct {
	// Head reads the position of a tenant as of a sequence in the log.
	Head func(ctx context.Context, tenant string, sequence int64) (feed.Head, error)
	// Map, DashboardReason and DashboardEvent are those of the hub.
	Map             func(dst []feed.Event, c *feed.Change) []feed.Event
	DashboardReason func(c *feed.Change) (reason string, ok bool)
	DashboardEvent  func(tenant string, reasons []string, head feed.Head, at time.Time) feed.Event
	// Own are the events that the policy gives a table beside those of Map. Nil: none.
	Own func(relation int64) view.Own
	// Encoders are the encoders by index.
	Encoders []Encoder
	// Hole is called when a change of a tenant is missing, after the tenant
	// was forgotten.
	Hole func(t *Stream)
	// Spawn runs a function in a goroutine; false if it is too late for that.
	Spawn func(f func()) bool
	// Delivered, if not nil, is called after each pass of a worker that offered
	// something. It receives how long ago, by the clock of the database, the oldest
	// change of the pass was made.
	Delivered func(age time.Duration)
	// Unreadable receives the changes that are sent without their rows.
	Unreadable *unreadable.Log
	// RingBytes bounds a ring, RingMemory all of them together. RingIdle is how
	// long a ring outlives its last follower.
	RingBytes  int
	RingMemory int64
	RingIdle   time.Duration
	Log        *slog.Logger
}

// Streams are the streams of all tenants.
type Streams struct {
	opts Options
	// ctx ends the reads of heads.
	ctx context.Context
	// began is what moments are counted from, so that steps of the clock on the wall
	// do not matter.
	began time.Time
	queue queue
	stats statsQueue
	// Events counts those that were made, Offered those that
	// followers took.
	Events, Offered atomic.Int64
	// Decisions counts how often views have decided on a change. Filtered counts events that
	// a view does not see, once for each ring, and Hidden those of views that see less by the
	// policy. Private counts those for one subject.
	Decisions, Filtered, Hidden, Private atomic.Int64
	counts                               eventCounts
	memory                               memory
	// rules counts how often the rules have changed.
	rules atomic.Int64
	// batch and scratch belong to Publish.
	batch   []part
	scratch *scratch

	// mu is never held while another lock is taken.
	mu       sync.Mutex
	tenants  map[string]*Stream
	sequence int64
	live     bool
	// lively is closed while the tail is live.
	lively chan struct{}
}

// part is a run of changes of one tenant.
type part struct {
	t       *Stream
	changes []feed.Change
}

// New makes streams that live until ctx ends and Stop is called.
func New(ctx context.Context, o Options) *Streams {
	if o.Own == nil {
		o.Own = func(int64) view.Own { return nil }
	}
	s := &Streams{opts: o, ctx: ctx, began: time.Now(), tenants: make(map[string]*Stream), lively: make(chan struct{})}
	s.scratch = s.newScratch()
	s.memory.init(o.RingMemory, int64(o.RingBytes)*int64(len(o.Encoders)))
	s.queue.some.L = &s.queue.mu
	s.stats.kick = make(chan struct{}, 1)
	s.stats.due = make(map[*Stream]time.Time)
	return s
}

// Publish takes changes in commit order, and the sequence after them.
func (s *Streams) Publish(changes []feed.Change, sequence int64) {
	batch := s.batch[:0]
	s.mu.Lock()
	s.sequence = sequence
	for i := 0; i < len(changes); {
		j := i + 1
		for j < len(changes) && changes[j].Tenant == changes[i].Tenant {
			j++
		}
		if t := s.tenants[changes[i].Tenant]; t != nil {
			batch = append(batch, part{t, changes[i:j]})
		}
		i = j
	}
	s.mu.Unlock()
	if len(batch) > 0 {
		now := time.Now()
		for _, p := range batch {
			p.t.publish(p.changes, sequence, now, s.scratch)
			s.squeeze()
		}
		clear(batch)
	}
	s.batch = batch[:0]
}

// Live says whether the tail is live. While it is not, Attach finds nobody.
func (s *Streams) Live(live bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if live == s.live {
		return
	}
	s.live = live
	if live {
		close(s.lively)
	} else {
		s.lively = make(chan struct{})
	}
}

// AwaitLive waits until the tail is live.
func (s *Streams) AwaitLive(ctx context.Context) error {
	s.mu.Lock()
	lively := s.lively
	s.mu.Unlock()
	select {
	case <-lively:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Attach is the tenant of a name, to be released later and to be followed on a
// encoder, and whether it is ready. It is nil if the tail is not live, or if the tenant would have to be
// made but create is false.
func (s *Streams) Attach(name string, encoder int, create bool) (t *Stream, ready bool) {
	s.mu.Lock()
	t = s.tenants[name]
	fresh := t == nil
	if !s.live || (fresh && !create) {
		s.mu.Unlock()
		return nil, false
	}
	if fresh {
		t = &Stream{s: s, name: name, ready: make(chan struct{}), sequence: s.sequence}
		t.passed.L = &t.mu
		s.tenants[name] = t
	}
	t.users.Add(1)
	t.wanted.Or(1 << encoder)
	s.mu.Unlock()
	if fresh {
		s.opts.Spawn(func() { s.load(t) })
		return t, false
	}
	select {
	case <-t.ready:
		return t, true
	default:
		return t, false
	}
}

// Forget orphans t, or every tenant if t is nil.
func (s *Streams) Forget(t *Stream) {
	if t != nil {
		s.mu.Lock()
		s.removeLocked(t)
		s.mu.Unlock()
		t.leave()
		return
	}
	s.mu.Lock()
	tenants := s.tenants
	s.tenants = make(map[string]*Stream)
	s.mu.Unlock()
	for _, t := range tenants {
		t.leave()
	}
}

// removeLocked takes t out of what can be found.
func (s *Streams) removeLocked(t *Stream) {
	if s.tenants[t.name] == t {
		delete(s.tenants, t.name)
	}
}

// Rules counts how often the rules have changed. A view is made by those that hold after
// it was asked for, or by newer ones.
func (s *Streams) Rules() int64 { return s.rules.Load() }

// Renew says that the rules are others, and drops the rings of all tenants. Their followers
// have to follow anew, with views that are made by the new rules.
func (s *Streams) Renew() {
	s.rules.Add(1)
	for _, t := range s.all() {
		t.mu.Lock()
		t.rings = nil
		t.accountLocked()
		t.passed.Broadcast()
		t.mu.Unlock()
	}
}

// abandoned forgets a tenant that nobody holds.
func (s *Streams) abandoned(t *Stream) bool {
	s.mu.Lock()
	unused := t.users.Load() == 0
	if unused {
		s.removeLocked(t)
	}
	s.mu.Unlock()
	if unused {
		t.leave()
	}
	return unused
}

// Prune lets go of tenants and rings that nobody has used for a while.
func (s *Streams) Prune(now time.Time) {
	before := now.Sub(s.began) - s.opts.RingIdle
	var keep, unused []*Stream
	s.mu.Lock()
	for name, t := range s.tenants {
		if t.users.Load() == 0 && time.Duration(t.idle.Load()) < before {
			delete(s.tenants, name)
			unused = append(unused, t)
		} else {
			keep = append(keep, t)
		}
	}
	s.mu.Unlock()
	for _, t := range unused {
		t.leave()
	}
	for _, t := range keep {
		t.prune(before)
	}
	s.relax()
}

// Count is how many streams there are.
func (s *Streams) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tenants)
}

// Users is how many hold a tenant.
func (s *Streams) Users(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[name]; t != nil {
		return int(t.users.Load())
	}
	return 0
}
