package socketio_test

import (
	"errors"
	"testing"
	"time"

	"rowcast/internal/wire/socketio"
)

// TestAckOnce: an event is acknowledged once, whichever way.
func TestAckOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	b.main.event = func(s *socketio.Socket, e socketio.Event) {
		switch e.Name {
		case "reply":
			if !e.Ack.Reply(e.Args...) || e.Ack.Reply() || len(e.Ack.Append(nil)) > 0 {
				t.Error("not exactly once")
			}
		case "append":
			s.Send(e.Ack.Append(nil, e.Args...))
			if e.Ack.Reply() {
				t.Error("twice")
			}
		case "binary":
			e.Ack.ReplyBinary(e.Attachments, e.Args...)
		case "none":
			if e.Ack.Reply() || len(e.Ack.Append(nil)) > 0 {
				t.Error("an acknowledgement that nobody wants")
			}
		}
	}
	c := b.join(t)
	c.Send(`42["none"]`, `420["reply",1,"2",{"3":[true]}]`, `42007["append"]`,
		`452-789["binary",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`, "bone", "btwo")
	c.Want(`430[1,"2",{"3":[true]}]`, `437[]`,
		`462-789[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`, "bone", "btwo")
}

// TestEmitWithAck: an answer comes once: that of the client, or why there is
// none.
func TestEmitWithAck(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	answers := make(chan socketio.Answer, 10)
	b.main.event = func(s *socketio.Socket, e socketio.Event) {
		timeout := time.Hour
		if e.Name == "hurry" {
			timeout = time.Millisecond
		}
		s.EmitWithAck(timeout, func(a socketio.Answer) { answers <- a }, "ask", e.Args...)
		if e.Name == "leave" {
			s.Disconnect()
		}
	}
	next := func() socketio.Answer {
		t.Helper()
		select {
		case a := <-answers:
			return a
		case <-time.After(timeout):
			t.Fatal("no answer")
		}
		panic("unreachable")
	}
	c := b.join(t)
	c.Send(`42["a",1]`, `42["a",2]`)
	c.Want(`421["ask",1]`, `422["ask",2]`)
	c.Send(`432["two"]`, `432["again"]`, `4399["of nothing"]`, `461-1[{"_placeholder":true,"num":0}]`, "bdata")
	if a := next(); a.Err != nil || len(a.Args) != 1 || string(a.Args[0]) != `"two"` {
		t.Errorf("%+v", a)
	}
	if a := next(); a.Err != nil || len(a.Attachments) != 1 || string(a.Attachments[0]) != "data" {
		t.Errorf("%+v", a)
	}
	c.Send(`42["hurry"]`)
	c.Want(`423["ask"]`)
	if a := next(); !errors.Is(a.Err, socketio.ErrTimeout) {
		t.Errorf("%+v", a)
	}
	c.Send(`433["too late"]`, `42["a"]`)
	c.Want(`424["ask"]`)
	c.Send(`42["leave"]`)
	c.Want(`425["ask"]`, "41")
	for range 2 {
		if a := next(); !errors.Is(a.Err, socketio.ErrDisconnected) {
			t.Errorf("%+v", a)
		}
	}
	b.main.wantEnded(t, socketio.ServerLeft)
	if len(answers) > 0 {
		t.Errorf("one answer too many: %+v", <-answers)
	}
}

// TestEmitWithAckToNobody: a socket that has ended answers so.
func TestEmitWithAckToNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	sockets := make(chan *socketio.Socket, 1)
	b.main.event = func(s *socketio.Socket, _ socketio.Event) { sockets <- s }
	c := b.join(t)
	c.Send(`42["a"]`, "41")
	s := <-sockets
	b.main.wantEnded(t, socketio.ClientLeft)
	answered := make(chan error)
	s.EmitWithAck(time.Hour, func(a socketio.Answer) { answered <- a.Err }, "ask")
	if err := <-answered; !errors.Is(err, socketio.ErrDisconnected) {
		t.Error(err)
	}
}
