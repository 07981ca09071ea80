package socketio

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

var (
	// ErrTimeout: the client did not acknowledge in time.
	ErrTimeout = errors.New("no acknowledgement in time")
	// ErrDisconnected: the socket ended, or was not connected.
	ErrDisconnected = errors.New("disconnected")
)

// Ack acknowledges an event, once. A nil Ack is for an event that wants none.
type Ack struct {
	s    *Socket
	id   int64
	done atomic.Bool
}

// Reply acknowledges the event. It returns false if it was, or wants none.
func (a *Ack) Reply(args ...json.RawMessage) bool { return a.ReplyBinary(nil, args...) }

// ReplyBinary is Reply with attachments; see AppendBinaryEvent.
func (a *Ack) ReplyBinary(attachments [][]byte, args ...json.RawMessage) bool {
	if !a.claim() {
		return false
	}
	a.s.Send(appendAck(nil, a.s.namespace, a.id, attachments, args))
	return true
}

// Append is Reply for a caller that sends the frame itself. It appends nothing where
// Reply is false. It does not call the outbox.
func (a *Ack) Append(dst []byte, args ...json.RawMessage) []byte {
	if !a.claim() {
		return dst
	}
	return AppendAck(dst, a.s.namespace, a.id, args...)
}

func (a *Ack) claim() bool { return a != nil && a.done.CompareAndSwap(false, true) }

// Answer is how a client acknowledged an event.
type Answer struct {
	// Args and Attachments are as those of an Event.
	Args        []json.RawMessage
	Attachments [][]byte
	// Err is ErrTimeout, ErrDisconnected or nil.
	Err error
}

// ask is an event that the client has not acknowledged.
type ask struct {
	answer func(Answer)
	timer  *time.Timer
}

// EmitWithAck sends an event that the client is to acknowledge within timeout.
// answer is called once, as the methods of a Namespace are.
func (s *Socket) EmitWithAck(timeout time.Duration, answer func(Answer), name string, args ...json.RawMessage) {
	c := s.client
	c.mu.Lock()
	if !s.Connected() {
		c.calls = append(c.calls, func() { answer(Answer{Err: ErrDisconnected}) })
		c.spawnLocked()
		c.mu.Unlock()
		return
	}
	s.lastID++
	id := s.lastID
	if s.asks == nil {
		s.asks = make(map[int64]*ask)
	}
	s.asks[id] = &ask{answer, time.AfterFunc(timeout, func() { s.expire(id) })}
	c.mu.Unlock()
	s.Send(appendEvent(nil, s.namespace, id, nil, name, args))
}

// expire ends an ask that nobody has answered.
func (s *Socket) expire(id int64) {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	s.endLocked(id, Answer{Err: ErrTimeout})
	c.spawnLocked()
}

// answeredLocked takes an acknowledgement. One of nothing, or of what has expired, is
// ignored. The mu of the client is held.
func (s *Socket) answeredLocked(p *Packet) {
	s.endLocked(p.ID, Answer{Args: p.Args, Attachments: p.Attachments})
}

// abandonLocked ends all asks. The mu of the client is held.
func (s *Socket) abandonLocked() {
	for _, id := range slices.Sorted(maps.Keys(s.asks)) {
		s.endLocked(id, Answer{Err: ErrDisconnected})
	}
}

// endLocked ends an ask, if it is there. The mu of the client is held.
func (s *Socket) endLocked(id int64, answer Answer) {
	a, ok := s.asks[id]
	if !ok {
		return
	}
	delete(s.asks, id)
	if len(s.asks) == 0 {
		s.asks = nil
	}
	a.timer.Stop()
	s.client.calls = append(s.client.calls, func() { a.answer(answer) })
}
