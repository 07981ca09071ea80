package session

import (
	"bytes"
	"context"

	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
)

// pieceSize is how many bytes of the history a session is given at once. It is
// all that is kept for it: the page that they come from stays in the cache, or
// is read again.
const pieceSize = 128 << 10

// turn waits until u may give its client a piece of the history: when the client
// has taken the one before, and no other subscription of the session is about to.
// It returns false if u is not joining any more.
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
	u.s.nextLocked()
}

// nextLocked wakes those who wait for their turn.
func (s *Session) nextLocked() {
	if s.space != nil {
		close(s.space)
		s.space = nil
	}
}

// catchUp gives the client a piece of the history after u.cursor. more is false if
// the history ends there.
func (u *sub) catchUp(ctx context.Context) (more bool, err error) {
	h := u.s.h
	p, err := h.Pages.Get(ctx, page.Key{Tenant: u.tenant, Encoder: u.kind.Encoder, View: u.kind.View.Key(), Rules: u.kind.Rules, After: u.cursor}, u.kind.View, u.subject)
	switch {
	case err != nil:
		return false, err
	case p.Next == p.End() && !p.Hole:
		u.write(nil, u.cursor, false)
		return false, nil
	}
	var scratch []byte
	frames, at := []byte(nil), u.cursor
	next, count, withheld := p.Next, 0, false
	if next < p.End() {
		frames, next, count, withheld = p.Pick(next, &u.filter, &scratch, pieceSize, writeSize)
		at = p.At(next - 1).Cursor(p.Epoch)
	}
	given := u.write(frames, at, withheld)
	if given {
		h.Count.Deliveries.Add(int64(count))
	}
	if next == p.End() {
		h.Count.CatchUps.Add(1)
		if given && p.Hole {
			u.interrupt(feed.ErrDiverged)
		}
	}
	return true, nil
}

// write hands over frames after which the client is at at. withheld says that what came
// last was not for it. It returns false if u is not joining any more.
func (u *sub) write(frames []byte, at feed.Cursor, withheld bool) bool {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.state != joining {
		return false
	}
	u.answerLocked()
	if s.busy {
		frames = bytes.Clone(frames) // what waits must not hold the page
	}
	s.sendLocked(frames, false)
	s.laden = s.busy && len(frames) > 0
	u.cursor, u.withheld = at, withheld
	return !s.closing
}
