package socketio_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

// TestOptions: what is missing is said.
func TestOptions(t *testing.T) {
	t.Parallel()
	open := func(*engineio.Session, *http.Request) (engineio.Outbox, error) { return nil, nil } //nolint:nilnil // never called
	for want, o := range map[string]socketio.Options{
		"Namespaces": {Outbox: open},
		"Outbox":     {Namespaces: map[string]socketio.Namespace{"/": newNamespace()}},
		`"x"`:        {Outbox: open, Namespaces: map[string]socketio.Namespace{"x": newNamespace()}},
		`"/x,"`:      {Outbox: open, Namespaces: map[string]socketio.Namespace{"/x,": newNamespace()}},
	} {
		if _, err := socketio.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestNamespaces: a session is in several, and leaving one keeps the others.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	auths := make(chan string, 10)
	accept := func(s *socketio.Socket, auth json.RawMessage) {
		auths <- s.Namespace() + string(auth)
		s.Accept("")
	}
	b.main.connect, b.x.connect = accept, accept
	c := b.dial(t)
	c.Send("40/random", "40/random,{}")
	c.Want(`44/random,{"message":"Invalid namespace"}`, `44/random,{"message":"Invalid namespace"}`)
	c.Send("40")
	first := c.connected("")
	c.Send(`40/x,{"token":"t"}`)
	if second := c.connected("/x"); second == first {
		t.Error("two sockets with one id")
	}
	c.Send(`42/x,["a",1]`, `42["b"]`)
	c.Want(`42/x,["a",1]`, `42["b"]`)
	c.Send("41/x", `42["c"]`)
	c.Want(`42["c"]`)
	b.x.wantEnded(t, socketio.ClientLeft)
	c.Send("40/x")
	c.connected("/x")
	c.Send("41")
	b.main.wantEnded(t, socketio.ClientLeft)
	c.Send(`42/x,["d"]`)
	c.Want(`42/x,["d"]`)
	_ = c.Close()
	b.x.wantEnded(t, string(engineio.TransportClose))
	for _, want := range []string{"/{}", `/x{"token":"t"}`, "/x{}"} {
		if got := <-auths; got != want {
			t.Errorf("connected with %s, want %s", got, want)
		}
	}
	if len(b.main.ended)+len(b.x.ended) > 0 {
		t.Error("a socket ended twice")
	}
}

// TestClientsThatBreakTheRules: the session ends, and every socket is told once.
func TestClientsThatBreakTheRules(t *testing.T) {
	t.Parallel()
	for name, messages := range map[string][]string{
		"garbage": {"4abc"}, "empty": {"4"}, "connect twice": {"40"}, "event to another": {`42/x,["a"]`}, "ack to another": {"43/x,1[]"},
		"leaving another": {"41/x"}, "event after leaving": {"41", `42["a"]`}, "leaving twice": {"41", "41"},
		"no array": {"42{}"}, "bad id": {`42abc["a"]`}, "attachment of nothing": {"bx"}, "refusal": {"44{}"},
		"interrupted": {`451-["a",{"_placeholder":true,"num":0}]`, `42["b"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, socketio.Options{})
			c := b.join(t)
			c.Send(messages...)
			c.Closed()
			reason := string(engineio.ParseError)
			if messages[0] == "41" {
				reason = socketio.ClientLeft
			}
			b.main.wantEnded(t, reason)
			if err := b.sockets.Wait(t.Context()); err != nil || len(b.main.ended) > 0 {
				t.Error("called twice", err)
			}
		})
	}
}

// TestConnectTimeout: who connects to nothing is closed, also who was refused,
// or is not decided on; who connected may stay, also when it has left.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{ConnectTimeout: 50 * time.Millisecond})
	b.x.connect = func(s *socketio.Socket, auth json.RawMessage) {
		if string(auth) != "{}" {
			s.Refuse("no", nil)
		}
	}
	c := b.dial(t)
	c.Send("40")
	c.connected("")
	c.Send("41")
	b.main.wantEnded(t, socketio.ClientLeft)

	b.dial(t).Closed()
	refused := b.dial(t)
	refused.Send(`40/x,{"a":1}`)
	refused.Want(`44/x,{"message":"no"}`)
	refused.Closed()
	undecided := b.dial(t)
	undecided.Send("40/x")
	undecided.Closed()
	b.x.wantEnded(t, string(engineio.ForcedClose))

	c.Send("40")
	c.connected("")
}

// TestAcceptLater: events that come before the answer wait for it, in order; an
// answer is given once.
func TestAcceptLater(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string]func(s *socketio.Socket){
		"accept": func(s *socketio.Socket) { s.Accept("") },
		"append": func(s *socketio.Socket) { s.Outbox().Send(s.AppendAccept(nil, "")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, socketio.Options{})
			sockets := make(chan *socketio.Socket, 1)
			b.x.connect = func(s *socketio.Socket, _ json.RawMessage) { sockets <- s }
			seen := make(chan string, 10)
			b.x.event = func(_ *socketio.Socket, e socketio.Event) { seen <- e.Name }
			c := b.join(t)
			c.Send("40/x")
			s := <-sockets
			c.Send(`42/x,["a"]`, `42/x,["b"]`, `451-/x,["c",{"_placeholder":true,"num":0}]`, "b1", `42["done"]`)
			c.Want(`42["done"]`) // so that the others have arrived
			s.Emit("early")
			if len(seen) > 0 || s.Connected() {
				t.Error("events before the answer")
			}
			accept(s)
			c.connected("/x")
			c.Send(`42/x,["d"]`)
			for _, want := range []string{"a", "b", "c", "d"} {
				if got := <-seen; got != want {
					t.Errorf("event %s, want %s", got, want)
				}
			}
			accept(s)
			s.Refuse("too late", nil)
			s.Emit("last")
			c.Want(`42/x,["last"]`)
		})
	}
}

// TestSendWhileAccepting: what others send while a client is being told that it
// is accepted follows that.
func TestSendWhileAccepting(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	var socket *socketio.Socket
	b.before = func(frames []byte) {
		switch m := messages(t, frames); {
		case strings.HasPrefix(m[0], "40"):
			socket.Emit("one")
			socket.Emit("two")
		case m[0] == `42["one"]`:
			socket.Emit("three")
		}
	}
	b.main.connect = func(s *socketio.Socket, _ json.RawMessage) {
		socket = s
		s.Emit("never")
		s.Accept("")
		s.Emit("four")
	}
	c := b.join(t)
	c.Want(`42["one"]`, `42["two"]`, `42["three"]`, `42["four"]`)
}

// TestPendingIsBounded: who sends too much before it is accepted is closed.
func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event string
		count int
	}{
		"many":  {`42/x,["a"]`, 1001},
		"large": {`42/x,["` + strings.Repeat("a", 900) + `"]`, 12},
	} {
		event, count := c.event, c.count
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, socketio.Options{MaxPacket: 10_000})
			sockets := make(chan *socketio.Socket, 1)
			b.x.connect = func(s *socketio.Socket, _ json.RawMessage) { sockets <- s }
			c := b.join(t)
			c.Send("40/x")
			s := <-sockets
			for range count {
				if c.WriteMessage(1, []byte(event)) != nil {
					break
				}
			}
			c.Closed()
			b.x.wantEnded(t, string(engineio.ParseError))
			s.Accept("") // has no effect
			if s.Connected() {
				t.Error("accepted after the end")
			}
		})
	}
}

// TestRefusedEventsDoNotCount: what a client sent before it was refused is
// forgotten.
func TestRefusedEventsDoNotCount(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	sockets := make(chan *socketio.Socket, 1)
	b.x.connect = func(s *socketio.Socket, _ json.RawMessage) { sockets <- s }
	c := b.join(t)
	for range 3 {
		c.Send("40/x")
		for range 400 {
			c.Send(`42/x,["a"]`)
		}
		c.Send(`42["a"]`)
		c.Want(`42["a"]`)
		(<-sockets).Refuse("no", nil)
		c.Want(`44/x,{"message":"no"}`)
	}
}

// TestRefuse: the client hears why, and the session goes on.
func TestRefuse(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	tries := 0
	b.x.connect = func(s *socketio.Socket, _ json.RawMessage) {
		if tries++; tries > 1 {
			s.Accept("secret")
			return
		}
		s.Refuse("not you", json.RawMessage(`{"code":"forbidden"}`))
		s.Accept("")
	}
	c := b.dial(t)
	c.Send("40/x")
	c.Want(`44/x,{"message":"not you","data":{"code":"forbidden"}}`)
	c.Send("40/x")
	if m := c.Next(); !strings.HasPrefix(m, `40/x,{"sid":"`) || !strings.HasSuffix(m, `","pid":"secret"}`) {
		t.Errorf("got %s", m)
	}
	_ = c.Close()
	b.x.wantEnded(t, string(engineio.TransportClose))
	if err := b.sockets.Wait(t.Context()); err != nil || len(b.x.ended) > 0 {
		t.Error("a refused socket ended", err)
	}
}

// TestServerDisconnects: what the client sent before it knew is dropped, it may
// connect again, and other namespaces are not touched.
func TestServerDisconnects(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	b.x.event = func(s *socketio.Socket, e socketio.Event) {
		if e.Name == "late" {
			t.Error("an event after the end")
		}
		s.Disconnect()
		s.Disconnect()
		s.Emit("late")
	}
	c := b.join(t)
	c.Send("40/x")
	c.connected("/x")
	c.Send(`42/x,["out"]`, `42/x,7["late"]`)
	for range 1001 { // more than may wait
		c.Send(`42/x,["late"]`)
	}
	c.Send("41/x", `42["a"]`)
	c.Want("41/x,", `42["a"]`)
	b.x.wantEnded(t, socketio.ServerLeft)
	c.Send("40/x")
	c.connected("/x")
	if len(b.x.ended) > 0 {
		t.Error("ended twice")
	}
}

// TestServerCloses: the transport ends, without a disconnect packet.
func TestServerCloses(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	b.main.event = func(s *socketio.Socket, _ socketio.Event) { s.Close() }
	c := b.join(t)
	c.Send(`42["a"]`, `42["b"]`)
	c.Closed()
	b.main.wantEnded(t, string(engineio.ForcedClose))
}
