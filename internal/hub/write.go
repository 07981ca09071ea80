package hub

import (
	"bytes"
	"errors"
	"math"
	"os"
	"time"

	"rowcast/internal/hub/ring"
)

// writeSize is how many bytes a blocked session writes at once, and up to which
// scattered frames are gathered.
const writeSize = 64 << 10

// maxControl is how many times SlowBytes a session may be behind with what is no
// event, without any grace: a client that asks and does not read has no end.
const maxControl = 4

// send writes b, or queues it while the connection is busy. s.mu held.
func (s *Session) send(b []byte, control bool) {
	switch {
	case s.closing || len(b) == 0:
	case s.busy:
		s.pending = append(s.pending, b...)
		if control {
			s.control += len(b)
		}
		if s.control > maxControl*s.h.opts.SlowBytes {
			s.closeFor(SlowConsumer)
		}
	default:
		n, err := s.conn.TryWrite(b)
		if err != nil {
			s.fail(Gone)
		} else if n < len(b) {
			s.block(bytes.Clone(b[n:]))
		}
	}
}

// deliver writes what u is behind of v, as far as the connection takes it, and
// says how many events it took. s.mu held, not busy.
func (s *Session) deliver(u *sub, v *ring.View, scratch *[]byte) (events int) {
	for u.next < v.End() {
		if !v.Holds(u.next) {
			s.closeFor(SlowConsumer)
			return events
		}
		b, to, count := u.chunk(v, scratch, math.MaxInt)
		if len(b) == 0 {
			u.pass(v, to)
			continue
		}
		n, err := s.conn.TryWrite(b)
		if err != nil {
			s.fail(Gone)
			return events
		}
		if n < len(b) {
			rest, count := u.cut(v, to, n)
			s.block(rest)
			return events + count
		}
		u.pass(v, to)
		u.moved = true
		events += count
	}
	if u.next == v.End() {
		u.settle(v)
	}
	return events
}

// block has a goroutine write rest and then all that s is behind. s.mu held,
// not busy.
func (s *Session) block(rest []byte) {
	s.busy, s.rest = true, rest
	s.h.blocked.add(s)
	if !s.h.spawn(s.drain) {
		s.busy = false
		s.fail(Shutdown)
	}
}

// drain writes until s is no longer behind.
func (s *Session) drain() {
	var scratch []byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		b, count := s.take(&scratch)
		if len(b) == 0 {
			break
		}
		s.mu.Unlock()
		cause := s.write(b)
		s.h.count.deliveries.Add(int64(count))
		s.mu.Lock()
		if cause != "" {
			s.busy = false
			s.fail(cause)
			return
		}
	}
	s.busy = false
	if s.closing {
		s.finish(true)
		return
	}
	s.slow, s.resuming = time.Time{}, false
	s.h.blocked.remove(s)
	if err := s.conn.SetWriteDeadline(time.Time{}); err != nil {
		s.fail(Gone)
	}
}

// take is what a busy session writes next: the rest of a frame, then control
// messages, then events. It is empty only when nothing at all is left, or only
// the end. s.mu held, and not let go before the writer has stopped.
func (s *Session) take(scratch *[]byte) (b []byte, events int) {
	for {
		if len(s.rest) > 0 {
			b, s.rest = s.rest, nil
			return b, 0
		}
		if len(s.pending) > 0 {
			b, s.pending, s.control = s.pending, nil, 0
			if s.space != nil {
				close(s.space)
				s.space = nil
			}
			return b, 0
		}
		if s.closing {
			return nil, 0
		}
		if b, events = s.takeEvents(scratch); len(b) > 0 || (!s.closing && len(s.pending) == 0) {
			return b, events
		}
	}
}

// takeEvents is the next piece of events, of each subscription in turn. It is
// empty only after every one of them was asked, or when something else is to be
// written first. s.mu held, busy.
func (s *Session) takeEvents(scratch *[]byte) (b []byte, events int) {
	for range s.subs {
		if s.turn >= len(s.subs) { // also after some were left
			s.turn = 0
		}
		u := s.subs[s.turn]
		s.turn++
		if u.state != live {
			continue
		}
		if b, events = u.take(scratch); len(b) > 0 || s.closing || len(s.pending) > 0 {
			return b, events
		}
	}
	return nil, 0
}

// take is the next piece of events of u. s.mu held, busy.
func (u *sub) take(scratch *[]byte) (b []byte, events int) {
	v := u.view()
	for u.next < v.End() {
		if !v.Holds(u.next) {
			u.s.closeFor(SlowConsumer)
			return nil, 0
		}
		var to int64
		b, to, events = u.chunk(&v, scratch, writeSize)
		u.pass(&v, to)
		if len(b) > 0 {
			u.moved = true
			return b, events
		}
	}
	u.settle(&v)
	return nil, 0
}

// write writes b, waiting as long as the client takes some of it. It answers
// why it could not.
func (s *Session) write(b []byte) Cause {
	for len(b) > 0 {
		s.mu.Lock()
		by := time.Now().Add(s.h.opts.StallTimeout)
		if s.closing && s.closeBy.Before(by) {
			by = s.closeBy
		}
		err := s.conn.SetWriteDeadline(by)
		s.mu.Unlock()
		if err != nil {
			return Gone
		}
		n, err := s.conn.Write(b[:min(len(b), writeSize)])
		b = b[n:]
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return Gone
		}
		if n == 0 {
			return SlowConsumer
		}
	}
	return ""
}

// checkLag ends a blocked session that is too far behind for too long.
func (s *Session) checkLag(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || !s.busy {
		return
	}
	lag := int64(s.control)
	for _, u := range s.subs {
		if u.state != live {
			continue
		}
		v := u.view()
		if !v.Holds(u.next) {
			s.closeFor(SlowConsumer)
			return
		}
		lag += u.lag(&v)
	}
	switch {
	case lag <= int64(s.h.opts.SlowBytes):
		s.slow, s.resuming = time.Time{}, false
	case s.resuming: // it is offered all that at once; StallTimeout bounds it
	case s.slow.IsZero():
		s.slow = now
	case now.Sub(s.slow) > s.h.opts.SlowGrace:
		s.closeFor(SlowConsumer)
	}
}
