package main

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"rowcast/internal/wire/socketio"
)

const (
	// everyone is the room of all clients of a namespace.
	everyone = "everyone"
	// askTimeout is how long a client has to answer a question.
	askTimeout = 5 * time.Second
)

// namespace answers by the conventions of test suites.
type namespace struct {
	// talks: it answers to events.
	talks bool
	rooms socketio.Rooms

	// mu is held while events are sent, so that their offsets go up.
	mu sync.Mutex
	// record is nil without recovery.
	record *record
}

func newNamespace(talks, recovery bool) *namespace {
	n := &namespace{talks: talks}
	if recovery {
		n.record = newRecord()
	}
	return n
}

// Connect implements socketio.Namespace.
func (n *namespace) Connect(s *socketio.Socket, auth json.RawMessage) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.record == nil {
		s.Accept("")
	} else {
		pid, missed := n.record.resume(auth)
		s.Accept(pid)
		s.Send(missed)
	}
	n.rooms.Join(s, everyone)
	s.Emit("auth", n.offsetLocked(auth)...)
}

// Event implements socketio.Namespace.
func (n *namespace) Event(s *socketio.Socket, e socketio.Event) {
	if !n.talks {
		return
	}
	switch e.Name {
	case "message":
		n.emit(s, "message-back", e.Attachments, e.Args)
	case "message-with-ack":
		e.Ack.ReplyBinary(e.Attachments, e.Args...)
	case "broadcast":
		n.broadcast(s.Namespace(), e)
	case "ask":
		n.ask(s, e.Args)
	}
}

// Disconnect implements socketio.Namespace.
func (n *namespace) Disconnect(*socketio.Socket, string) {}

// emit sends an event to one client.
func (n *namespace) emit(s *socketio.Socket, name string, attachments [][]byte, args []json.RawMessage) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.EmitBinary(attachments, name, n.offsetLocked(args...)...)
}

// ask has a client acknowledge an event, and sends the acknowledgement back.
func (n *namespace) ask(s *socketio.Socket, args []json.RawMessage) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.EmitWithAck(askTimeout, func(a socketio.Answer) {
		if a.Err == nil {
			n.emit(s, "answer", a.Attachments, a.Args)
		}
	}, "question", n.offsetLocked(args...)...)
}

// broadcast sends an event to everyone, and keeps it for those who come back.
func (n *namespace) broadcast(name string, e socketio.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.record != nil {
		n.record.advance()
	}
	frames := socketio.AppendBinaryEvent(nil, name, e.Attachments, "bcast", n.offsetLocked(e.Args...)...)
	if n.record != nil {
		n.record.keep(frames)
	}
	n.rooms.Send(everyone, frames)
}

// offsetLocked appends the offset to the arguments of an event if clients can
// recover.
func (n *namespace) offsetLocked(args ...json.RawMessage) []json.RawMessage {
	if n.record == nil {
		return args
	}
	return append(slices.Clip(args), n.record.offset())
}
