package socketio

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/websocket"
)

// Reasons for Disconnect beside those of package engineio, in the words of
// Socket.IO.
const (
	// ClientLeft: the client left the namespace.
	ClientLeft = "client namespace disconnect"
	// ServerLeft: Disconnect was called.
	ServerLeft = "server namespace disconnect"
)

// goingAway is a close code of RFC 6455. Clients come back after any.
const goingAway = 1001

// maxHeld bounds the events of one client that wait for a handler.
const maxHeld = 1000

// client is what a session sends: its Receiver.
type client struct {
	server  *Server
	session *engineio.Session
	outbox  engineio.Outbox
	decoder Decoder

	// mu guards the rest and the sockets. Outboxes are not called with it, as
	// their locks are taken before.
	mu sync.Mutex
	// sockets are those that are pending or connected, and those that the
	// server disconnected: what they had sent before they knew is dropped.
	sockets []*Socket
	// calls are calls of handlers to be made, by one goroutine at a time.
	calls []func()
	// held and heldBytes are the events that wait.
	held, heldBytes int
	// timer ends a session that connects to nothing; nil once one has.
	timer *time.Timer
	// working: a goroutine makes the calls. over: the session is ending.
	working, over bool
}

// Message implements engineio.Receiver.
func (c *client) Message(binary bool, data []byte) error {
	packet, err := c.decoder.Decode(binary, data, c.server.opts.MaxPacket)
	if packet == nil || err != nil {
		return err
	}
	c.mu.Lock()
	err = c.takeLocked(packet)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	c.work()
	return nil
}

// Closed implements engineio.Receiver.
func (c *client) Closed(reason engineio.Reason) {
	c.mu.Lock()
	c.over = true
	c.settleLocked()
	for _, s := range slices.Clone(c.sockets) {
		c.leaveLocked(s, string(reason))
	}
	c.sockets = nil
	c.mu.Unlock()
	c.work()
}

// expire ends a session that is in no namespace.
func (c *client) expire() {
	c.mu.Lock()
	idle := !c.over && c.timer != nil
	c.timer = nil
	c.mu.Unlock()
	if idle {
		c.hangUp()
	}
}

// hangUp ends the session. Nothing that the client says from now on counts.
func (c *client) hangUp() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.session.Close(websocket.AppendClose(nil, goingAway, ""))
}

// settleLocked stops the timer.
func (c *client) settleLocked() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// takeLocked does what a packet says.
func (c *client) takeLocked(p *Packet) error {
	s := c.find(p.Namespace)
	switch {
	case c.over:
		return nil
	case p.Type == ConnectPacket:
		return c.connectLocked(s, p)
	case s == nil:
		return fmt.Errorf("a packet for namespace %q, which is not connected", p.Namespace)
	case s.state.Load() == left:
		return nil
	case p.Type == DisconnectPacket:
		c.leaveLocked(s, ClientLeft)
	case p.Type == AckPacket:
		s.answeredLocked(p)
	default:
		return c.eventLocked(s, p)
	}
	return nil
}

func (c *client) find(namespace string) *Socket {
	for _, s := range c.sockets {
		if s.namespace == namespace {
			return s
		}
	}
	return nil
}

// connectLocked asks a namespace to decide on the client.
func (c *client) connectLocked(old *Socket, p *Packet) error {
	if old != nil {
		if old.state.Load() != left {
			return fmt.Errorf("a second connect to namespace %q", p.Namespace)
		}
		c.removeLocked(old)
	}
	handler, ok := c.server.opts.Namespaces[p.Namespace]
	if !ok {
		c.calls = append(c.calls, func() {
			c.outbox.Send(AppendRefusal(nil, p.Namespace, "Invalid namespace", nil))
		})
		return nil
	}
	s := newSocket(c, p.Namespace, handler)
	c.sockets = append(c.sockets, s)
	c.calls = append(c.calls, func() { handler.Connect(s, p.Auth) })
	return nil
}

// eventLocked hands an event over, or keeps it until its socket is accepted.
func (c *client) eventLocked(s *Socket, p *Packet) error {
	size := p.size()
	if c.held == maxHeld || c.heldBytes+size > c.server.opts.MaxPacket {
		return errors.New("too many events while the ones before are handled")
	}
	c.held++
	c.heldBytes += size
	e := Event{Name: p.Name, Args: p.Args, Attachments: p.Attachments}
	if p.ID != noID {
		e.Ack = &Ack{s: s, id: p.ID}
	}
	call := func() {
		c.mu.Lock()
		c.held--
		c.heldBytes -= size
		c.mu.Unlock()
		s.handler.Event(s, e)
	}
	if s.Connected() {
		c.calls = append(c.calls, call)
		return nil
	}
	s.waiting = append(s.waiting, waiting{call, size})
	return nil
}

// waiting is an event of a client that is not accepted.
type waiting struct {
	call func()
	size int
}

// forgetLocked drops the events that wait for a socket to be accepted.
func (c *client) forgetLocked(s *Socket) {
	for _, w := range s.waiting {
		c.held--
		c.heldBytes -= w.size
	}
	s.waiting = nil
}

// leaveLocked ends a socket.
func (c *client) leaveLocked(s *Socket, reason string) {
	switch s.state.Load() {
	case gone, left:
		return
	}
	if reason == ServerLeft {
		s.state.Store(left)
	} else {
		c.removeLocked(s)
	}
	c.forgetLocked(s)
	s.abandonLocked()
	c.calls = append(c.calls, func() {
		s.leaveRooms()
		s.handler.Disconnect(s, reason)
	})
}

// removeLocked forgets a socket.
func (c *client) removeLocked(s *Socket) {
	s.state.Store(gone)
	c.sockets = slices.DeleteFunc(c.sockets, func(o *Socket) bool { return o == s })
}

// work makes the calls that are to be made, unless another goroutine does.
func (c *client) work() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working {
		return
	}
	c.working = true
	for len(c.calls) > 0 {
		calls := c.calls
		c.calls = nil
		c.mu.Unlock()
		for _, call := range calls {
			call()
		}
		c.mu.Lock()
	}
	c.working = false
}

// spawnLocked makes the calls in a goroutine, if there are any.
func (c *client) spawnLocked() {
	if len(c.calls) > 0 && !c.working {
		c.server.calls.Run(c.work)
	}
}
