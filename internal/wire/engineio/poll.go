package engineio

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// requestTimeout bounds the reading of a body and the writing of an answer.
const requestTimeout = 10 * time.Second

// poll is the state of a session whose client polls. The mutex of the session
// guards it.
type poll struct {
	backlog
	// changed, if not nil, is closed at the next change.
	changed chan struct{}
	// flushed is closed when, after hanging up, the client has everything; nil
	// before and then.
	flushed  chan struct{}
	deadline time.Time
	// getting is the poll that waits; nil if none does.
	getting *turn
	// posting: there is such a request. probing: a WebSocket is tried. offered: its
	// client may learn that it may upgrade. released: polls are answered at once, for
	// the upgrade. switching: the WebSocket is being made ready. over: hung up.
	// crossing: the client closed while no poll waited, so that one may be on its way.
	posting, probing, offered, released, switching, over, pollExpected bool
	// giveUp ends the try of a WebSocket.
	giveUp func()
}

// changes is closed at the next change.
func (p *poll) changes() <-chan struct{} {
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

func (p *poll) change() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// hangup ends polling. It returns true if nothing is left that the client wants.
func (p *poll) hangup(wanted bool) bool {
	p.over = true
	if p.giveUp != nil {
		p.giveUp()
	}
	if !wanted {
		p.backlog = nil
	}
	p.change()
	if len(p.backlog) == 0 && !p.pollExpected {
		return true
	}
	p.flushed = make(chan struct{})
	return false
}

// waitTime is how long a client has to come, once hung up.
func (p *poll) waitTime() time.Duration {
	if p.pollExpected {
		return 5 * arrivalWait
	}
	return linger
}

// body is the answer to a poll, empty if it has to wait.
func (p *poll) body() []byte {
	body := p.take()
	switch {
	case len(body) > 0:
		p.change() // there is room again
	case p.released:
		body = []byte{packetNoop}
		p.pollExpected = false // it has come
	case p.over:
		body = []byte{packetClose}
	}
	if p.over && len(p.backlog) == 0 && p.flushed != nil {
		close(p.flushed)
		p.flushed = nil
	}
	return body
}

// turn is a poll that waits.
type turn struct {
	// order is its place among the first requests of all connections, if known.
	order uint64
	// owing: it came when an answer to a ping was overdue.
	owing bool
}

// before says that a poll came before one that was taken first.
func (t *turn) before(other *turn) bool { return t.order > 0 && t.order < other.order }

// get answers a poll when there is something to say.
func (s *Session) get(w http.ResponseWriter, r *http.Request, order uint64) {
	s.mu.Lock()
	p, me := s.poll, &turn{order: order, owing: s.awaiting && s.spared}
	switch {
	case p == nil:
		s.mu.Unlock()
		badRequest.write(w)
		return
	case p.over && p.flushed == nil, // and nothing is left
		s.closing && s.left && !p.pollExpected && p.getting == nil: // its client is gone, though it is not hung up yet
		s.mu.Unlock()
		unknownSession.write(w)
		return
	case p.getting != nil:
		report := s.concludeLocked(TransportError, true, nil)
		first := me.before(p.getting)
		if first {
			p.getting = me
			p.change()
		}
		s.mu.Unlock()
		report()
		if !first {
			badRequest.write(w)
			return
		}
		s.mu.Lock()
	default:
		p.getting = me
	}
	if !s.settleLocked(p) {
		p.leave(me)
		s.mu.Unlock()
		badRequest.write(w)
		return
	}
	s.serveLocked(w, r, p, me)
}

// leave frees the place of a poll.
func (p *poll) leave(t *turn) {
	if p.getting == t {
		p.getting = nil
	}
}

// serveLocked answers a poll that has its turn. The mutex is not held any more when it
// returns.
func (s *Session) serveLocked(w http.ResponseWriter, r *http.Request, p *poll, me *turn) {
	for {
		switch {
		case p.getting != me: // another one came first
			s.mu.Unlock()
			badRequest.write(w)
			return
		case r.Context().Err() != nil: // nothing is taken that nobody reads
			p.leave(me)
			report := s.concludeLocked(TransportError, true, nil) // before the next poll can come
			s.mu.Unlock()
			report()
			return
		case me.owing && s.closing && s.reason == PingTimeout:
			p.leave(me)
			s.mu.Unlock()
			unknownSession.write(w)
			return
		}
		if body := p.body(); len(body) > 0 {
			p.leave(me)
			s.mu.Unlock()
			if !answer(w, body) && body[0] != packetNoop { // what was in it is lost
				s.finish(TransportError, true, nil)
			}
			return
		}
		changed := p.changes()
		s.mu.Unlock()
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		s.mu.Lock()
	}
}

// settleLocked gives an upgrade that the client may have finished already a moment to
// arrive, before a poll is answered with nothing. It returns false if it has.
func (s *Session) settleLocked(p *poll) bool {
	by := time.Now().Add(arrivalWait)
	for s.poll == p && p.probing && p.offered && !p.over && len(p.backlog) == 0 {
		changed := p.changes()
		s.mu.Unlock()
		more := await(changed, by)
		s.mu.Lock()
		if !more {
			break
		}
	}
	return s.poll == p
}

// answer writes the body of a poll. It returns false if the connection did not take it.
func answer(w http.ResponseWriter, body []byte) bool {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(requestTimeout))
	_, err := w.Write(body)
	err = errors.Join(err, control.Flush())
	_ = control.SetWriteDeadline(time.Time{})
	return err == nil
}

// post takes packets.
func (s *Session) post(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.poll
	overlap := p != nil && p.posting
	if p != nil && !overlap {
		p.posting = true
	}
	s.mu.Unlock()
	if p == nil || overlap {
		if overlap {
			s.finish(TransportError, true, nil)
		}
		badRequest.write(w)
		return
	}
	defer func() {
		s.mu.Lock()
		p.posting = false
		s.mu.Unlock()
	}()
	body, status := s.readBody(w, r)
	if status == http.StatusOK && !s.receiveAll(body) {
		status = http.StatusBadRequest
	}
	switch status {
	case http.StatusOK:
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("ok")) // as in answer
	case http.StatusRequestEntityTooLarge:
		writeJSON(w, status, Refused{badRequest.Code, "the body is longer than maxPayload"})
	default:
		badRequest.write(w)
	}
}

// receiveAll does what the packets of a body say. It returns false if the client
// broke the rules, which ends the session.
func (s *Session) receiveAll(body []byte) bool {
	for p, err := range packets(body) {
		if err != nil {
			s.finish(TransportError, true, nil)
			return false
		}
		if p.kind == packetClose {
			s.release(true)
		}
		if s.receive(p) != nil {
			return false
		}
		if s.over() {
			break
		}
	}
	return true
}

// readBody reads the body of a request. Unless status is 200, that is the
// answer.
func (s *Session) readBody(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(requestTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.server.opts.MaxPayload))
	if err == nil { // else what is left of it is not waited for either
		_ = control.SetReadDeadline(time.Time{})
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil || r.Header.Get("Content-Type") == "application/octet-stream" {
		s.finish(TransportError, true, nil)
		return nil, http.StatusBadRequest
	}
	return body, http.StatusOK
}

// release lets a poll that waits go, or if the client is closing the one that
// crosses that.
func (s *Session) release(closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll != nil {
		s.poll.released = true
		s.poll.pollExpected = closing && s.poll.getting == nil
		s.poll.change()
	}
}
