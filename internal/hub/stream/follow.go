package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

// ErrElsewhere says that a cursor is not in the ring.
var ErrElsewhere = errors.New("not in the ring")

// ErrOutdated says that the rules are others than those by which a view was made.
var ErrOutdated = errors.New("the rules have changed")

// maxViews bounds the views of a tenant, maxMasks the different columns that they see.
const (
	maxViews = 1024
	maxMasks = 64
)

// Start is where a follower stands.
type Start struct {
	// Next is the index of the first entry that it has not received.
	Next int64
	// Cursor is that of the entry before.
	Cursor feed.Cursor
	// Window is the ring at that moment.
	Window ring.Window
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

// Follow has f follow the stream of a kind after c, or from its end if c is
// nil. The errors are feed.ErrDiverged for a cursor of another epoch, ErrElsewhere and
// ErrOutdated; f does not follow then.
func (t *Stream) Follow(of Kind, c *feed.Cursor, f Follower) (Start, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if of.Rules != t.s.rules.Load() {
		return Start{}, ErrOutdated
	}
	r := t.ringLocked(of)
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
	*f.Handle() = Handle{r, len(r.by)}
	r.by = append(r.by, f)
	r.note(f)
	r.Followed(true)
	p.Window = r.Window
	return p, nil
}

// ringLocked is the ring of a kind, made at the head if there is none.
func (t *Stream) ringLocked(of Kind) *followed {
	for _, r := range t.rings {
		if r.Encoder == of.Encoder && r.View.Key() == of.View.Key() {
			return r
		}
	}
	if of.View != nil && len(t.rings) >= maxViews { // one who tries many must not keep others out
		t.rings = slices.DeleteFunc(slices.Clone(t.rings), func(r *followed) bool { return r.View != nil && len(r.by) == 0 })
	}
	r := &followed{Kind: of, Ring: ring.New(t.s.opts.RingBytes, t.head.Cursor()), idle: time.Since(t.s.began)}
	t.rings = append(t.rings, r)
	t.divideLocked()
	return r
}

// Unfollow undoes Follow.
func (t *Stream) Unfollow(f Follower) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, index := f.Handle().ring, f.Handle().index
	last := len(r.by) - 1
	r.by[index] = r.by[last]
	r.by[index].Handle().index = index
	r.by[last] = nil
	r.by = r.by[:last]
	r.forget(f)
	if last == 0 {
		r.Followed(false)
		r.idle = time.Since(t.s.began)
		t.passed.Broadcast()
	}
}

// Window is the ring that f follows, as it is now.
func (t *Stream) Window(f Follower) ring.Window {
	t.mu.Lock()
	defer t.mu.Unlock()
	return f.Handle().ring.Window
}

// Full says whether as many views of a tenant are followed as may be, or as many masks, and
// v is none of them.
func (s *Streams) Full(name string, v *view.View) bool {
	s.mu.Lock()
	t := s.tenants[name]
	s.mu.Unlock()
	if t == nil || v == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rings) < maxMasks {
		return false
	}
	views, masks := map[string]bool{}, map[string]bool{}
	for _, r := range t.rings {
		if r.View != nil && len(r.by) > 0 {
			views[r.View.Key()], masks[r.View.Mask()] = true, true
		}
	}
	return len(views) >= maxViews && !views[v.Key()] || len(masks) >= maxMasks && !masks[v.Mask()]
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
	kept := slices.DeleteFunc(slices.Clone(t.rings), func(r *followed) bool { return len(r.by) == 0 && r.idle < before })
	if len(kept) < len(t.rings) { // workers go over the old list
		t.rings = kept
		t.divideLocked()
	}
}
