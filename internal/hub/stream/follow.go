package stream

import (
	"context"
	"errors"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
)

// ErrElsewhere says that a cursor is not in the ring.
var ErrElsewhere = errors.New("not in the ring")

// Start is where a follower stands.
type Start struct {
	// Next is the index of the first entry that it has not received.
	Next int64
	// Cursor is that of the entry before.
	Cursor feed.Cursor
	// View is the ring at that moment.
	View ring.View
	// Grown, after ErrElsewhere, is closed at the next change.
	Grown <-chan struct{}
}

// Name is the tenant.
func (t *Stream) Name() string { return t.name }

// Ready is closed when the tenant can be followed.
func (t *Stream) Ready() <-chan struct{} { return t.ready }

// Release undoes Attach.
func (t *Stream) Release() {
	t.idle.Store(int64(time.Since(t.s.began)))
	t.users.Add(-1)
}

// Follow has f follow the stream of an encoder after c, or from its end if c is
// nil. The errors are feed.ErrDiverged for a cursor of another epoch and
// ErrElsewhere; f does not follow then.
func (t *Stream) Follow(encoder int, c *feed.Cursor, f Follower) (Start, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.ringLocked(encoder)
	p := Start{Next: r.End()}
	if c != nil {
		if c.Epoch != t.head.Epoch {
			return p, feed.ErrDiverged
		}
		next, ok := r.Find(*c)
		if !ok {
			p.Grown = t.growthLocked()
			return p, ErrElsewhere
		}
		p.Next = next
	}
	p.Cursor = r.At(p.Next - 1).Cursor(t.head.Epoch)
	f.Handle().index = len(r.by)
	r.by = append(r.by, f)
	r.Followed(true)
	p.View = r.View
	return p, nil
}

// ringLocked is the ring of an encoder, made at the head if there is none.
func (t *Stream) ringLocked(encoder int) *followed {
	if t.rings[encoder] == nil {
		t.rings[encoder] = &followed{Ring: ring.New(t.s.opts.RingBytes, t.head.Cursor()), idle: time.Since(t.s.began)}
		t.divideLocked()
	}
	return t.rings[encoder]
}

// Unfollow undoes Follow.
func (t *Stream) Unfollow(encoder int, f Follower) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, last := t.rings[encoder], len(t.rings[encoder].by)-1
	index := f.Handle().index
	r.by[index] = r.by[last]
	r.by[index].Handle().index = index
	r.by[last] = nil
	r.by = r.by[:last]
	if last == 0 {
		r.Followed(false)
		r.idle = time.Since(t.s.began)
		t.passed.Broadcast()
	}
}

// View is the ring of an encoder that the caller follows, as it is now.
func (t *Stream) View(encoder int) ring.View {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rings[encoder].View
}

// growthLocked is closed at the next change.
func (t *Stream) growthLocked() <-chan struct{} {
	if t.grown == nil {
		t.grown = make(chan struct{})
	}
	return t.grown
}

// Await waits until grown is closed and the tenant has come to position.
func (t *Stream) Await(ctx context.Context, grown <-chan struct{}, position int64) {
	for {
		select {
		case <-grown:
		case <-ctx.Done():
			return
		}
		t.mu.Lock()
		if t.head.Position >= position {
			t.mu.Unlock()
			return
		}
		grown = t.growthLocked()
		t.mu.Unlock()
	}
}

// prune lets go of the rings that nobody has followed since before.
func (t *Stream) prune(before time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w, r := range t.rings {
		if r != nil && len(r.by) == 0 && r.idle < before {
			t.rings[w] = nil
			t.divideLocked()
		}
	}
}
