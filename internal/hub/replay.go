package hub

import (
	"context"
	"log/slog"

	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
)

// pieceSize is how many bytes of the history a session is given at once. It is
// all that is kept for it: the page that they come from stays in the cache, or
// is read again.
const pieceSize = 128 << 10

// turn waits until u may give its client a piece of the history: when the client
// has taken the one before, and no other subscription of the session is about to.
// It is false if u is not joining any more.
func (u *sub) turn(ctx context.Context) bool {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for u.state == joining && (s.serving || s.laden) {
		if s.space == nil {
			s.space = make(chan struct{})
		}
		space := s.space
		s.mu.Unlock()
		select {
		case <-space:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return false
		}
	}
	s.serving = s.serving || u.state == joining
	return u.state == joining
}

// yield ends the turn of u.
func (u *sub) yield() {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.s.serving = false
	u.s.next()
}

// next wakes those who wait for their turn. s.mu held.
func (s *Session) next() {
	if s.space != nil {
		close(s.space)
		s.space = nil
	}
}

// replay gives the client a piece of the history after u.at. more is false if
// the history ends there.
func (u *sub) replay(ctx context.Context) (more bool, err error) {
	after := u.at
	after.Stats = false // the history has no such events
	read, err := u.s.h.pages.Get(ctx, page.Key{Tenant: u.tenant, After: after}, u.subject)
	if err != nil {
		return false, err
	}
	if len(read.Changes) == 0 {
		u.write(nil, u.at)
		return false, nil
	}
	frames, at, whole := u.encode(ctx, read.Changes)
	if u.write(frames, at) && !whole {
		u.interrupt(feed.ErrDiverged)
	}
	return true, nil
}

// encode makes the frames of changes that follow after u.at, until they are a
// piece. at is the cursor behind them. whole is false if a change is missing
// there.
func (u *sub) encode(ctx context.Context, changes []feed.Change) (frames []byte, at feed.Cursor, whole bool) {
	h := u.s.h
	wire := h.opts.Wires[u.wire]
	var events []feed.Event
	at = u.at
	for i := range changes {
		c := &changes[i]
		if c.From > at.Position+1 {
			h.opts.Log.ErrorContext(ctx, "history has a hole", slog.String("tenant", u.tenant),
				slog.Int64("after", at.Position), slog.Int64("from", c.From))
			return frames, at, false
		}
		events = h.opts.Unreadable.Events(events[:0], c, h.opts.Map)
		for k := c.Had(at, len(events)); k < len(events); k++ {
			if u.admit == nil || u.admit(events[k].Name) {
				frames = h.opts.Unreadable.Frame(frames, &events[k], wire)
				h.count.deliveries.Add(1)
			}
		}
		at = feed.Cursor{Feed: c.Feed, Position: c.Position, Nonce: c.Nonce}
		if len(frames) >= pieceSize && i+1 < len(changes) {
			return frames, at, true
		}
	}
	h.count.catchUps.Add(1)
	return frames, at, true
}

// write hands over frames after which the client is at at. It is false if u is
// not joining any more.
func (u *sub) write(frames []byte, at feed.Cursor) bool {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.state != joining {
		return false
	}
	u.answer()
	s.send(frames, false)
	s.laden = s.busy && len(frames) > 0
	u.owes = u.owes || u.at != at
	u.at = at
	return !s.closing
}
