package session

import (
	"bytes"
	"errors"
	"math"
	"os"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/hub/signal"
)

// writeSize is how many bytes a blocked session writes at once, and up to which
// scattered frames are gathered.
const writeSize = 64 << 10

// sendLocked writes b, or queues it while the connection is busy. What is no control
// message belongs to the session from then on.
func (s *Session) sendLocked(b []byte, control bool) {
	switch {
	case s.closing || len(b) == 0:
	case s.busy && !control && len(s.pending) == 0:
		s.pending = b
	case s.busy:
		s.pending = append(s.pending, b...)
		if control {
			s.control += len(b)
		}
		if s.control > s.h.MaxControl { // a client that asks and does not read has no end
			s.sendAwayLocked()
		}
	default:
		n, err := s.conn.TryWrite(b)
		if err != nil {
			s.failLocked(signal.Gone)
		} else if n < len(b) {
			s.blockLocked(bytes.Clone(b[n:]))
		}
	}
}

// deliverLocked writes what u is behind of v, as far as the connection takes it, and
// says how many events it took. s.mu held, not busy.
func (s *Session) deliverLocked(u *sub, v *ring.Window, scratch *[]byte) (events int) {
	u.even = u.next == v.End()
	for u.next < v.End() {
		if !v.Holds(u.next) {
			u.rewindLocked()
			return events
		}
		b, to, count := u.chunkLocked(v, u.next, scratch, math.MaxInt)
		if len(b) == 0 {
			u.next = to
			continue
		}
		n, err := s.conn.TryWrite(b)
		if err != nil {
			s.failLocked(signal.Gone)
			return events
		}
		if n < len(b) {
			rest, count := u.cutLocked(v, to, n)
			s.blockLocked(rest)
			return events + count
		}
		u.next = to
		u.wrote = true
		events += count
	}
	if u.next == v.End() {
		u.settleLocked(v)
	}
	return events
}

// blockLocked starts a goroutine that writes rest and then all that s is behind. From
// now on the ring may drop what the client has not had, so each subscription remembers
// where it is. s.mu held, not busy.
func (s *Session) blockLocked(rest []byte) {
	for _, u := range s.subs {
		if u.state == live {
			u.cursor = u.currentLocked()
		}
	}
	s.busy, s.rest = true, rest
	s.h.Count.Blocked.Add(1)
	if !s.h.Spawn(s.flush) {
		s.freeLocked()
		s.failLocked(signal.Shutdown)
	}
}

// freeLocked undoes block.
func (s *Session) freeLocked() {
	s.busy = false
	s.h.Count.Blocked.Add(-1)
}

// flush writes until s is no longer behind. A client that takes nothing of that
// is sent away, and has the time of a close to take what was begun.
func (s *Session) flush() {
	var scratch []byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		b, count := s.takeLocked(&scratch)
		if len(b) == 0 {
			break
		}
		s.mu.Unlock()
		rest, code := s.write(b)
		s.h.Count.Deliveries.Add(int64(count))
		s.mu.Lock()
		s.taken = s.taken || len(rest) < len(b)
		switch {
		case code == signal.SlowConsumer && !s.closing:
			s.rest = rest
			s.sendAwayLocked()
		case code != "":
			s.freeLocked()
			s.failLocked(code)
			return
		}
	}
	s.freeLocked()
	if s.closing {
		s.finishLocked(true)
		return
	}
	if err := s.conn.SetWriteDeadline(time.Time{}); err != nil {
		s.failLocked(signal.Gone)
	}
}

// takeLocked is what a busy session writes next: the rest of a frame, then control
// messages, then events. It is empty only when nothing at all is left, or only
// the end. s.mu held, and not let go before the writer has stopped.
func (s *Session) takeLocked(scratch *[]byte) (b []byte, events int) {
	for {
		if len(s.rest) > 0 {
			b, s.rest = s.rest, nil
			return b, 0
		}
		if len(s.pending) > 0 {
			b, s.pending, s.control = s.pending, nil, 0
			return b, 0
		}
		s.laden = false
		s.nextLocked()
		if s.closing {
			return nil, 0
		}
		if b, events = s.takeEventsLocked(scratch); len(b) > 0 || (!s.closing && len(s.pending) == 0) {
			return b, events
		}
	}
}

// takeEventsLocked is the next piece of events, of each subscription in turn. It is
// empty only after every one of them was asked, or when something else is to be
// written first. s.mu held, busy.
func (s *Session) takeEventsLocked(scratch *[]byte) (b []byte, events int) {
	for range s.subs {
		if s.turn >= len(s.subs) { // also after some were left
			s.turn = 0
		}
		u := s.subs[s.turn]
		s.turn++
		if u.state != live {
			continue
		}
		if b, events = u.takeLocked(scratch); len(b) > 0 || s.closing || len(s.pending) > 0 {
			return b, events
		}
	}
	return nil, 0
}

// takeLocked is the next piece of events of u. s.mu held, busy.
func (u *sub) takeLocked(scratch *[]byte) (b []byte, events int) {
	v := u.windowLocked()
	for u.next < v.End() {
		if !v.Holds(u.next) {
			u.rewindLocked()
			return nil, 0
		}
		var to int64
		b, to, events = u.chunkLocked(&v, u.next, scratch, writeSize)
		u.next = to
		u.cursor = u.receivedLocked(&v)
		if len(b) > 0 {
			u.wrote = true
			return b, events
		}
	}
	u.settleLocked(&v)
	u.cursor = u.receivedLocked(&v)
	return nil, 0
}

// write writes b, waiting as long as the client takes some of it. It returns
// what it could not write, and why.
func (s *Session) write(b []byte) (rest []byte, code errcode.Code) {
	for all := len(b); len(b) > 0; {
		queued := s.conn.Queued()
		s.mu.Lock()
		s.taken = s.taken || len(b) < all
		by, closing := time.Now().Add(s.h.StallTimeout), s.closing
		if closing {
			by = s.closeBy
		}
		err := s.conn.SetWriteDeadline(by)
		s.mu.Unlock()
		if err != nil {
			return b, signal.Gone
		}
		n, err := s.conn.Write(b[:min(len(b), writeSize)])
		b = b[n:]
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return b, signal.Gone
		case n == 0 && (closing || s.conn.Queued() >= queued):
			return b, signal.SlowConsumer
		}
	}
	return nil, ""
}

// sendAwayLocked ends a session whose client takes nothing. A client without a cursor
// cannot continue, and is sent a reset.
func (s *Session) sendAwayLocked() {
	var last []byte
	for _, u := range s.subs {
		if u.forgets && u.answered {
			s.h.Count.Resets.Add(1)
			last = s.appendSignalLocked(last, &signal.Signal{Kind: signal.Reset, Tenant: u.tenant, Cursor: u.tagged(u.currentLocked()), Reason: feed.ErrExpired.Error()})
		}
	}
	s.closeLocked(signal.SlowConsumer, s.h.Encoders[s.encoder].AppendClose(last, signal.SlowConsumer, ""))
}
