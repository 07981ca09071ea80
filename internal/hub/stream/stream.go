package stream

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

// statsEvery is the least time between two dashboard events of a tenant.
const statsEvery = time.Second

// maxBacklog is how many changes may wait for the head of a tenant.
const maxBacklog = 10_000

// Stream is that of a tenant.
type Stream struct {
	s    *Streams
	name string
	// users counts those who hold the tenant; idle is the moment when the last one
	// let go.
	users atomic.Int32
	idle  atomic.Int64
	// wanted has a bit for each encoder that somebody waits for.
	wanted atomic.Uint32
	// count is how many events were put into the rings.
	count atomic.Int64
	// ready is closed when the head is known.
	ready chan struct{}

	mu sync.Mutex
	// passed is signalled when a pass of a worker has ended.
	passed sync.Cond
	// loaded is true once the head is known; until then changes wait in
	// backlog, and sequence is that of the log where it begins.
	loaded   bool
	sequence int64
	backlog  []feed.Change
	head     feed.Head
	// rings has one for each kind in use. Those who go over it without the lock have it
	// as it was.
	rings []*followed
	// grown, if not nil, is closed at the next change.
	grown chan struct{}
	pass  passState
	// since is when the oldest change was made that no worker has passed over.
	since time.Time
	// reasons are those of the dashboard event that is due, statsAt is when
	// the last one was appended.
	reasons []reason
	statsAt time.Time
	// size is what the rings took when that was last looked at. orphan: t was
	// forgotten, and no longer counts.
	size   int64
	orphan bool
}

// reason is why the dashboard event is due, and the number of the table that changed.
type reason struct {
	name     string
	relation int64
}

// scratch is memory for making events and frames.
type scratch struct {
	events []feed.Event
	change view.Change
	// frames are those that were made of the events, in the memory of bytes.
	frames []frame
	bytes  []byte
	// toEvents makes the events of a change, at which change looks then.
	toEvents view.Map
}

func (s *Streams) newScratch() *scratch {
	w := &scratch{}
	w.toEvents = w.change.Events(s.opts.Map, s.opts.Own, s.opts.Unreadable)
	return w
}

// frame is that of an event by an encoder.
type frame struct {
	encoder int
	event   *feed.Event
	bytes   []byte
}

// followed is the ring of a kind and those who follow it.
type followed struct {
	Kind
	ring.Ring
	by []Follower
	// of has those who follow by what they are. It is nil until the ring has an entry
	// that is for one subject.
	of map[view.Subject]map[Follower]struct{}
	// idle is the moment when the last one left.
	idle time.Duration
}

// passState says where a tenant is between the publisher and the workers.
type passState byte

const (
	idle passState = iota
	queued
	running
	again // running, and to be queued once more
)

// load asks the history for the head until it is known or nobody waits.
func (s *Streams) load(t *Stream) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		t.mu.Lock()
		sequence := t.sequence
		t.mu.Unlock()
		head, err := s.opts.Head(s.ctx, t.name, sequence)
		if err == nil && t.open(head, sequence) {
			return
		}
		if s.ctx.Err() != nil || s.abandoned(t) {
			return
		}
		if err != nil {
			s.opts.Log.WarnContext(s.ctx, "read head", slog.String("tenant", t.name), slog.Any("error", err))
			sleep(s.ctx, pause)
		}
	}
}

// open makes the tenant ready at head, its position as of sequence. It returns false
// if the backlog that belongs to sequence was given up meanwhile.
func (t *Stream) open(head feed.Head, sequence int64) bool {
	t.mu.Lock()
	if t.sequence != sequence {
		t.mu.Unlock()
		return false
	}
	t.head, t.loaded = head, true
	for w := range t.s.opts.Encoders { // before the backlog, for those who resume at the head
		if t.wanted.Load()&(1<<w) != 0 {
			t.ringLocked(Kind{Encoder: w})
		}
	}
	whole := t.extendLocked(t.backlog, time.Now(), t.s.newScratch())
	t.backlog = nil
	t.mu.Unlock()
	close(t.ready)
	if !whole {
		t.s.Forget(t)
		t.s.opts.Hole(t)
	}
	return true
}

// publish takes changes of the tenant; sequence is that after their batch.
func (t *Stream) publish(changes []feed.Change, sequence int64, now time.Time, w *scratch) {
	t.mu.Lock()
	whole := true
	switch {
	case t.loaded:
		whole = t.extendLocked(changes, now, w)
	case len(t.backlog)+len(changes) > maxBacklog:
		t.backlog, t.sequence = nil, sequence
	default:
		t.backlog = append(t.backlog, changes...)
	}
	t.mu.Unlock()
	if !whole {
		t.s.Forget(t)
		t.s.opts.Hole(t)
	}
}

// extendLocked appends changes to the rings. It returns false if a change does not follow
// the one before, which it then leaves out with all after it.
func (t *Stream) extendLocked(changes []feed.Change, now time.Time, w *scratch) bool {
	for i := range changes {
		c := &changes[i]
		if c.Position <= t.head.Position && c.Epoch == t.head.Epoch {
			continue // published again
		}
		if c.Bulk && c.From <= t.head.Position && c.Epoch == t.head.Epoch {
			rest := *c // the tenant was joined while the statement was being read
			rest.From, c = t.head.Position+1, &rest
		}
		if c.From != t.head.Position+1 || c.Epoch != t.head.Epoch {
			t.s.opts.Log.ErrorContext(t.s.ctx, "change does not follow", slog.String("tenant", t.name),
				slog.Int64("head", t.head.Position), slog.Int64("from", c.From))
			t.wakeLocked()
			return false
		}
		t.addLocked(c, w)
	}
	if len(t.reasons) > 0 {
		if due := t.statsAt.Add(statsEvery); now.Before(due) {
			t.s.stats.schedule(t, due)
		} else {
			t.addStatsLocked(now, w)
		}
	}
	t.wakeLocked()
	return true
}

// addLocked appends one change. It waits while the workers are so far behind that
// the ring would drop what they have not offered to the followers yet.
func (t *Stream) addLocked(c *feed.Change, w *scratch) {
	s := t.s
	events := w.toEvents(w.events[:0], c)
	size := ring.EntryCost
	for i := range events {
		size += len(events[i].Data) + len(events[i].Previous) + 8*ring.EntryCost
	}
	for !t.roomLocked(size) {
		t.wakeLocked()
		t.passed.Wait()
	}
	t.head = feed.Head{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}
	if t.since.IsZero() {
		t.since = c.At
	}
	w.change.With(events)
	for _, f := range t.rings {
		f.add(&w.change, events, t, w)
	}
	s.Decisions.Add(int64(w.change.Decisions()))
	if w.change.Parts()[0].Private() {
		s.Private.Add(int64(len(events)))
	}
	for i := range events {
		t.countLocked(events[i].Name)
	}
	if s.opts.DashboardReason != nil {
		if name, ok := s.opts.DashboardReason(c); ok && !slices.Contains(t.reasons, reason{name, c.Relation}) {
			t.reasons = append(t.reasons, reason{name, c.Relation})
		}
	}
	t.accountLocked()
	w.trim(events)
}

// add appends the events of a change to the ring, as its view sees them.
func (f *followed) add(c *view.Change, events []feed.Event, t *Stream, w *scratch) {
	decided := f.View.Decide(c)
	for i := range events {
		for k, part := range c.Parts() {
			if e := c.See(decided[k], i); e != nil {
				f.PushFor(part, e.Name, e.Cursor, w.encode(f.Encoder, e, t))
				continue
			}
			f.PushFor(part, "", events[i].Cursor, nil)
			if part.Was || part.Is {
				t.withheld(f.View).Add(1)
			}
		}
	}
	if len(events) == 0 {
		f.Push("", t.head.Cursor(), nil)
	}
}

// withheld counts what a view does not see.
func (t *Stream) withheld(v *view.View) *atomic.Int64 {
	if v.Tag() != "" {
		return &t.s.Hidden
	}
	return &t.s.Filtered
}

// encode is the frame of an event, made once for all rings of an encoder.
func (w *scratch) encode(encoder int, e *feed.Event, t *Stream) []byte {
	for _, f := range w.frames {
		if f.encoder == encoder && f.event == e {
			return f.bytes
		}
	}
	start := len(w.bytes)
	w.bytes = t.s.opts.Unreadable.Frame(w.bytes, e, t.s.opts.Encoders[encoder])
	made := failpoint.Frame(t.name, w.bytes[start:])
	w.frames = append(w.frames, frame{encoder, e, made})
	return made
}

func (t *Stream) countLocked(name string) {
	t.count.Add(1)
	t.s.Events.Add(1)
	t.s.counts.add(name)
}

// trim forgets a change, and gives back what an unusually large one made grow.
func (w *scratch) trim(events []feed.Event) {
	clear(events)
	w.events = events[:0]
	if cap(events) > 16 {
		w.events = nil
	}
	clear(w.frames)
	w.frames, w.bytes = w.frames[:0], w.bytes[:0]
	if cap(w.bytes) > 1<<20 {
		w.bytes = nil
	}
}

// roomLocked says whether size bytes more may wait for the followers: none while all
// rings together take too much.
func (t *Stream) roomLocked(size int) bool {
	over := t.s.memory.over()
	for _, f := range t.rings {
		if !f.Room(size) || over && f.Due() {
			return false
		}
	}
	return true
}

// addStatsLocked appends the dashboard event for the changes up to the head.
func (t *Stream) addStatsLocked(now time.Time, w *scratch) {
	made := map[string]*feed.Event{}
	for _, f := range t.rings {
		var reasons []string
		for _, r := range t.reasons {
			if !f.View.None(r.relation) && !slices.Contains(reasons, r.name) {
				reasons = append(reasons, r.name)
			}
		}
		if len(reasons) == 0 {
			continue
		}
		key := fmt.Sprintf("%s%q", f.View.Tag(), reasons)
		if made[key] == nil {
			e := t.s.opts.DashboardEvent(t.name, reasons, t.head, now)
			e.Cursor.Tag = f.View.Tag()
			made[key] = &e
		}
		e := made[key]
		f.Push(e.Name, e.Cursor, w.encode(f.Encoder, e, t))
	}
	for _, e := range made {
		t.countLocked(e.Name)
		break
	}
	w.trim(nil)
	t.accountLocked()
	t.reasons, t.statsAt = t.reasons[:0], now
}

// wakeLocked has a worker pass over the sessions, and wakes those that wait for the
// ring to grow.
func (t *Stream) wakeLocked() {
	if t.grown != nil {
		close(t.grown)
		t.grown = nil
	}
	switch t.pass {
	case idle:
		for _, f := range t.rings {
			if f.Due() {
				t.pass = queued
				t.s.queue.push(t)
				return
			}
		}
	case running:
		t.pass = again
	case queued, again:
	}
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
