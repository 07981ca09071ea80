package socketio

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync/atomic"

	"rowcast/internal/wire/engineio"
)

// States of a socket.
const (
	// pending: the namespace has not decided.
	pending uint32 = iota
	// accepting: the answer is being sent.
	accepting
	connected
	// left: the server disconnected it.
	left
	// gone: it was refused, or has ended.
	gone
)

// Socket is a client in a namespace. Its methods may be called from any
// goroutine, and never wait for the client.
type Socket struct {
	// Data is for the handler of the namespace.
	Data any

	client    *client
	namespace string
	handler   Namespace
	id        [15]byte
	state     atomic.Uint32

	// The rest is guarded by the mu of the client.

	// waiting are the events that came before Accept.
	waiting []waiting
	// early are the frames that are sent while the answer is.
	early []byte
	// asks are the events that the client has not acknowledged, by id.
	asks   map[int64]*ask
	lastID int64
	rooms  []*Rooms
}

func newSocket(c *client, namespace string, handler Namespace) *Socket {
	s := &Socket{client: c, namespace: namespace, handler: handler}
	_, _ = rand.Read(s.id[:]) // never fails
	return s
}

// ID is the public id of the socket, which is final once it is accepted.
func (s *Socket) ID() string { return base64.RawURLEncoding.EncodeToString(s.id[:]) }

// Namespace is the name of the namespace.
func (s *Socket) Namespace() string { return s.namespace }

// Outbox is what writes to the session of the socket.
func (s *Socket) Outbox() engineio.Outbox { return s.client.outbox }

// Connected says whether the socket was accepted and has not ended.
func (s *Socket) Connected() bool { return s.state.Load() == connected }

// Accept lets a client in that is pending. pid, if not empty, is the secret by
// which it may ask to recover; the public id follows from it, so that a client
// that recovers keeps both.
func (s *Socket) Accept(pid string) {
	if !s.state.CompareAndSwap(pending, accepting) {
		return
	}
	s.name(pid)
	frames := AppendConnect(nil, s.namespace, s.ID(), pid)
	for len(frames) > 0 {
		s.client.outbox.Send(frames)
		frames = s.admit()
	}
}

// AppendAccept is Accept for a caller that sends the frame itself, which has to be
// before any other of the socket. It appends nothing if the client is not pending. It
// does not call the outbox.
func (s *Socket) AppendAccept(dst []byte, pid string) []byte {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if !s.state.CompareAndSwap(pending, accepting) {
		return dst
	}
	s.name(pid)
	s.connectLocked()
	return AppendConnect(dst, s.namespace, s.ID(), pid)
}

// name gives a socket that is being accepted the id of its secret.
func (s *Socket) name(pid string) {
	if pid != "" {
		sum := sha256.Sum256([]byte(pid))
		copy(s.id[:], sum[:])
	}
}

// admit makes a socket connected that is being accepted, unless there are early
// frames to be sent before.
func (s *Socket) admit() (early []byte) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if early, s.early = s.early, nil; len(early) == 0 {
		s.connectLocked()
	}
	return early
}

// connectLocked makes a socket connected that is being accepted, and hands over what has
// waited. The mu of the client is held.
func (s *Socket) connectLocked() {
	if !s.state.CompareAndSwap(accepting, connected) {
		return
	}
	c := s.client
	c.settleLocked()
	for _, w := range s.waiting {
		c.calls = append(c.calls, w.call)
	}
	s.waiting = nil
	c.spawnLocked()
}

// Refuse refuses a client that is pending, with a message and, if not nil, data.
// It does not come back by itself.
func (s *Socket) Refuse(message string, data json.RawMessage) {
	c := s.client
	c.mu.Lock()
	refused := s.state.CompareAndSwap(pending, gone)
	if refused {
		c.removeLocked(s)
		c.forgetLocked(s)
	}
	c.mu.Unlock()
	if refused {
		c.outbox.Send(AppendRefusal(nil, s.namespace, message, data))
	}
}

// Disconnect ends a socket that is connected, not its session. The client does
// not come back by itself.
func (s *Socket) Disconnect() {
	c := s.client
	c.mu.Lock()
	was := s.Connected()
	if was {
		c.leaveLocked(s, ServerLeft)
		c.spawnLocked()
	}
	c.mu.Unlock()
	if was {
		c.outbox.Send(AppendDisconnect(nil, s.namespace))
	}
}

// Close ends the session of the socket. The client comes back by itself.
func (s *Socket) Close() { s.client.hangUp() }

// Emit sends an event, if the socket is connected.
func (s *Socket) Emit(name string, args ...json.RawMessage) {
	s.Send(AppendEvent(nil, s.namespace, name, args...))
}

// EmitBinary sends an event with attachments; see AppendBinaryEvent.
func (s *Socket) EmitBinary(attachments [][]byte, name string, args ...json.RawMessage) {
	s.Send(AppendBinaryEvent(nil, s.namespace, attachments, name, args...))
}

// Send writes complete frames, if the socket is connected.
func (s *Socket) Send(frames []byte) {
	if s.Connected() || s.state.Load() == accepting && !s.hold(frames) {
		s.client.outbox.Send(frames)
	}
}

// hold keeps frames while the socket is being accepted. It returns false if that is
// over.
func (s *Socket) hold(frames []byte) bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if s.state.Load() != accepting {
		return !s.Connected()
	}
	s.early = append(s.early, frames...)
	return true
}
