package session

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
)

// Peer describes the client of a session. Conn is required.
type Peer struct {
	Conn signal.Conn
	// Encoder is the one of Options.Encoders for signals and for the last frame; nil is the
	// first.
	Encoder signal.Encoder
	// Signal, if not nil, encodes the signals of this session instead of its
	// encoder. It must neither block nor call the session.
	Signal func(dst []byte, m *signal.Signal) []byte
	// PingInterval replaces that of the hub if it is not 0.
	PingInterval time.Duration
	// ReadsNothing says that the session never calls Alive: something else looks after
	// the heartbeat.
	ReadsNothing bool
	// Acknowledges says that the client never answers: what counts as heard is that it
	// has taken all that was written. Where the system does not say so it always has.
	Acknowledges bool
}

// Session is one client. Its methods may be called from any goroutine and
// never wait for the client.
type Session struct {
	h    *Set
	conn signal.Conn
	ping time.Duration
	// encode is Peer.Signal.
	encode func(dst []byte, m *signal.Signal) []byte
	// heard is when the client was last heard, a moment of the hub.
	heard atomic.Int64

	// mu guards the rest, and is the right to write while busy is false. It
	// is taken before the lock of a tenant.
	mu sync.Mutex
	// rest is the end of a frame that the connection took only in part;
	// pending is what follows it before any event.
	rest, pending []byte
	// control counts the bytes of pending that are not history.
	control int
	// space, if not nil, is closed when serving or laden turns false.
	space chan struct{}
	subs  []*sub
	// pingAt, warnAt and deadline are moments of the hub.
	pingAt, warnAt, deadline time.Duration
	deadlineCode             errcode.Code
	// closeBy is when the last bytes have to be gone.
	closeBy time.Time
	code    errcode.Code
	// owner is nil until Own.
	owner Owner

	encoder, part int
	// turn is the index in subs of the one whose events are written next.
	turn int
	// busy: a goroutine writes. closing: nothing but the close frame is
	// written any more. ended: hung up.
	busy, closing, ended, readsNothing, acknowledges bool
	// taken: bytes that had to wait were taken since the last ping; queued is what
	// was under way then.
	taken  bool
	queued int
	// serving: a subscription reads the history for the client. laden: the
	// client has yet to take the last piece of it.
	serving, laden bool
}

// Open adds a session. The only error is ErrDraining; the connection is then
// still the caller's.
func (h *Set) Open(o Peer) (*Session, error) {
	if o.Conn == nil {
		return nil, errors.New("hub: no connection")
	}
	encoder, err := h.Encoder(o.Encoder, 0)
	if err != nil {
		return nil, err
	}
	now := h.Elapsed()
	s := &Session{
		h: h, conn: o.Conn, encoder: encoder, part: h.Part(), ping: o.PingInterval, encode: o.Signal, readsNothing: o.ReadsNothing, acknowledges: o.Acknowledges, warnAt: room.Never, deadline: room.Never,
	}
	if s.ping == 0 {
		s.ping = h.PingInterval
	}
	s.heard.Store(int64(now))
	s.pingAt = now + s.ping/2 + rand.N(s.ping/2+1)
	h.Count.Opened(s.encoder, 1)
	if !h.Add(s, s.part) {
		h.Count.Opened(s.encoder, -1)
		return nil, ErrDraining
	}
	return s, nil
}

// Alive notes that the client was heard.
func (s *Session) Alive() { s.heard.Store(int64(s.h.Elapsed())) }

// Deadline ends the session at at with code, after a signal Expiring at warn.
// A zero time is never. It replaces an earlier deadline. How long it is until then
// is found out now, and counted by a clock that nobody sets.
func (s *Session) Deadline(at, warn time.Time, code errcode.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline, s.warnAt, s.deadlineCode = s.h.ElapsedAt(at), s.h.ElapsedAt(warn), code
}

// Send writes complete frames, in order with everything else.
func (s *Session) Send(frames []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sendLocked(frames, true)
}

// signalLocked writes a message of the hub.
func (s *Session) signalLocked(m *signal.Signal) {
	var buf [256]byte
	s.sendLocked(s.appendSignalLocked(buf[:0], m), true)
}

// appendSignalLocked encodes a message of the hub.
func (s *Session) appendSignalLocked(dst []byte, m *signal.Signal) []byte {
	if s.encode != nil {
		return s.encode(dst, m)
	}
	return s.h.Encoders[s.encoder].AppendSignal(dst, m)
}

// Close ends the session: what is being written is finished, then the close
// frame of the encoder is sent. A client that is gone is sent last instead, with
// nothing else. Later calls have no effect.
func (s *Session) Close(code errcode.Code, detail string, last ...byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code != signal.Gone {
		last = s.h.Encoders[s.encoder].AppendClose(nil, code, detail)
	}
	s.closeLocked(code, last)
}

// Fail is Close, and gives up what cannot be written at once.
func (s *Session) Fail(code errcode.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked(code, s.h.Encoders[s.encoder].AppendClose(nil, code, ""))
	if !s.ended {
		s.closeBy = time.Now()
		_ = s.conn.SetWriteDeadline(s.closeBy) // as in closeLocked
	}
}

// closeLocked ends the session with these bytes as the last.
func (s *Session) closeLocked(code errcode.Code, last []byte) {
	if s.closing {
		return
	}
	s.code = code
	s.dropSubsLocked()
	if !s.busy {
		s.sendLocked(last, true)
		s.closing = true
		if !s.busy {
			s.finishLocked(true)
			return
		}
	} else {
		s.closing = true
		s.pending = append(s.pending[:0], last...)
	}
	if s.ended {
		return
	}
	s.closeBy = time.Now().Add(s.h.CloseTimeout)
	_ = s.conn.SetWriteDeadline(s.closeBy) // a connection that refuses fails the write
}

// finishLocked ends s for good. s.mu held, nobody writes.
func (s *Session) finishLocked(flushed bool) {
	if s.ended {
		return
	}
	s.ended, s.closing = true, true
	s.dropSubsLocked()
	s.rest, s.pending = nil, nil
	s.nextLocked()
	s.h.Count.Closed(s.encoder, s.code)
	s.conn.Hangup(flushed)
	s.h.Remove(s, s.part)
	if s.owner != nil {
		s.owner.Left()
	}
}

// failLocked ends s because the connection is of no use. s.mu held, nobody writes.
func (s *Session) failLocked(code errcode.Code) {
	if s.code == "" {
		s.code = code
	}
	s.finishLocked(false)
}

func (s *Session) dropSubsLocked() {
	for _, u := range s.subs {
		u.dropLocked()
	}
	s.subs = nil
}

// Leave ends the subscription to a tenant and says so. Leaving a tenant that
// is not joined is fine.
func (s *Session) Leave(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	if i := s.indexLocked(tenant); i >= 0 {
		s.subs[i].dropLocked()
		s.subs = slices.Delete(s.subs, i, i+1)
	}
	s.signalLocked(&signal.Signal{Kind: signal.Left, Tenant: tenant})
}

// Tenants are the names of the tenants that are joined or being joined.
func (s *Session) Tenants() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.subs))
	for i, u := range s.subs {
		names[i] = u.tenant
	}
	return names
}

func (s *Session) indexLocked(tenant string) int {
	for i, u := range s.subs {
		if u.tenant == tenant {
			return i
		}
	}
	return -1
}

// Sweep does what time demands of a session.
func (s *Session) Sweep(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	silent := now - time.Duration(s.heard.Load())
	if s.acknowledges && (now >= s.pingAt || silent > s.ping+s.h.PingTimeout) && !s.busy && s.conn.Queued() == 0 {
		s.heard.Store(int64(now))
		silent = 0
	}
	switch {
	case now >= s.deadline:
		s.closeCodeLocked(s.deadlineCode)
		return
	case !s.readsNothing && silent > s.ping+s.h.PingTimeout:
		if !s.readsLocked() {
			s.closeCodeLocked(signal.NoPong)
			return
		}
		s.heard.Store(int64(now - s.ping)) // the ping may be behind what it reads
	}
	if now >= s.warnAt {
		s.warnAt = room.Never
		s.signalLocked(&signal.Signal{Kind: signal.Expiring})
	}
	if now >= s.pingAt {
		s.pingAt = now + s.ping
		if silent < s.ping+s.h.PingTimeout/2 { // it has answered the ping before
			s.readsLocked()
		}
		s.signalLocked(&signal.Signal{Kind: signal.Ping})
	}
	for _, u := range s.subs {
		if u.state == live && !s.busy && !s.closing {
			u.sweepLocked(now)
		}
	}
}

// readsLocked says whether the client is behind, and has taken something of that since
// the last time.
func (s *Session) readsLocked() bool {
	before, taken := s.queued, s.taken
	s.queued, s.taken = s.conn.Queued(), false
	return (s.busy || s.queued > 0) && (taken || s.queued < before)
}

// closeCodeLocked is Close without a detail.
func (s *Session) closeCodeLocked(code errcode.Code) {
	s.closeLocked(code, s.h.Encoders[s.encoder].AppendClose(nil, code, ""))
}
