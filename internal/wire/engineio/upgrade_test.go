package engineio_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/wire/engineio"
)

const socketQuery = "EIO=4&transport=websocket"

// TestWebSocket: without polling first.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	conn := b.dial(t, socketQuery)
	opened := conn.Next()
	if !strings.HasPrefix(opened, `0{"sid":"`) || !strings.Contains(opened, `"upgrades":[],`) {
		t.Fatal(opened)
	}
	e := <-b.sessions
	conn.Send("4hello")
	conn.Want("4hello")
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if kind, got, err := conn.ReadMessage(); kind != websocket.BinaryMessage || string(got) != "\x01\x02\x03" || err != nil {
		t.Error(kind, got, err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if reason := <-e.closed; reason != engineio.TransportClose {
		t.Error(reason)
	}
	if n := b.engine.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// TestWebSocketEnds: malformed packets end the session.
func TestWebSocketEnds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]engineio.Reason{
		"abc": engineio.TransportError, "": engineio.TransportError, "2": engineio.TransportError, "5": engineio.TransportError,
		"4refuse": engineio.ParseError, "1": engineio.TransportClose, "4" + strings.Repeat("x", 1000): engineio.TransportError,
	} {
		t.Run(fmt.Sprintf("%.8q", text), func(t *testing.T) {
			t.Parallel()
			b := setup(t, engineio.Options{MaxPayload: 1000})
			conn := b.dial(t, socketQuery)
			conn.Next()
			e := <-b.sessions
			conn.Send(text)
			if reason := <-e.closed; reason != want {
				t.Errorf("%s, want %s", reason, want)
			}
			if _, message, err := conn.ReadMessage(); err == nil {
				t.Errorf("got %q", message)
			}
		})
	}
}

// TestUpgrade: everything arrives once and in order, whatever it went by.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, e := b.open(t)
	send := func(n int) { e.out.Send(engineio.End(append(engineio.Begin(nil), fmt.Sprint(n)...), 0)) }
	const count = 2_000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for n := range count {
			send(n)
			if n%10 == 0 {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	next := 0
	take := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			switch text {
			case "6":
			case fmt.Sprintf("4%d", next):
				next++
			default:
				t.Fatalf("got %q, want %d", text, next)
			}
		}
	}
	for next < 500 {
		_, body := b.do(t, "GET", query, "")
		take(strings.Split(body, "\x1e")...)
	}
	conn := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
	conn.Send("2probe")
	conn.Want("3probe")
	_, body := b.do(t, "GET", query, "") // is answered, with or without messages
	take(strings.Split(body, "\x1e")...)
	conn.Send("5")
	for next < count {
		take(conn.Next())
	}
	<-sent
	b.want(t, "GET", query, "", 400, `{"code":3,"message":"Bad request"}`)
	second := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
	if _, message, err := second.ReadMessage(); err == nil {
		t.Errorf("a second WebSocket got %q", message)
	}
	conn.Send("4still here")
	conn.Want("4still here")
}

// TestUpgradeWithFullBacklog: a frame of which one half waits for a poll when the
// client upgrades comes whole, and what follows it.
func TestUpgradeWithFullBacklog(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, e := b.open(t)
	const count = 8
	message := strings.Repeat("x", 100_000) // three fit, the third in part
	for n := range count {
		e.out.Send(engineio.End(append(append(engineio.Begin(nil), message...), byte('0'+n)), 0))
	}
	conn := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
	conn.Send("2probe")
	conn.Want("3probe")
	conn.Send("5")
	for n := range count {
		if got, want := conn.Next(), fmt.Sprintf("4%s%d", message, n); got != want {
			t.Fatalf("message %d has %d bytes, and ends with %q", n, len(got), got[len(got)-1:])
		}
	}
}

// TestProbeReleasesPoll: a poll that waits is let go by the probe.
func TestProbeReleasesPoll(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, _ := b.open(t)
	waiting := b.poll(t, query)
	conn := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
	conn.Send("2probe")
	if body := <-waiting; body != "6" {
		t.Errorf("the poll that waited: %q", body)
	}
}

// TestUpgradeGivenUp: a probe that fails, or is not finished in time, leaves
// polling as it was, and another one may follow.
func TestUpgradeGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{UpgradeTimeout: 50 * time.Millisecond})
	query, e := b.open(t)
	for _, text := range []string{"4hello", "5", "2probe", ""} {
		conn := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
		if text != "" {
			conn.Send(text)
		}
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				break
			}
		}
		e.out.Send(engineio.End(append(engineio.Begin(nil), "on"...), 0))
		for body := "6"; body != "4on"; {
			if _, body = b.do(t, "GET", query, ""); body != "6" && body != "4on" {
				t.Fatalf("after %q: %q", text, body)
			}
		}
	}
}

// TestDrain: who is drained hears it, by whatever it is connected, and who
// comes is told to come back.
func TestDrain(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, polls := b.open(t)
	waiting := b.poll(t, query)
	conn := b.dial(t, socketQuery)
	conn.Next()
	socket := <-b.sessions
	if err := b.Hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if body := <-waiting; body != "1" {
		t.Errorf("the poll that waited: %q", body)
	}
	if _, message, err := conn.ReadMessage(); err == nil {
		t.Errorf("the WebSocket got %q", message)
	}
	for _, e := range []*echo{polls, socket} {
		if reason := <-e.closed; reason != engineio.ForcedClose {
			t.Error(reason)
		}
	}
	if status, body := b.do(t, "GET", pollQuery, ""); status != 503 {
		t.Errorf("%d %q", status, body)
	}
	late := b.dial(t, socketQuery)
	if _, message, err := late.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		t.Errorf("a WebSocket that is late: %q %v", message, err)
	}
}

// TestSlowPoll: a client that does not poll takes no more memory than its
// backlog, and everything is there when it does.
func TestSlowPoll(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, e := b.open(t)
	message := strings.Repeat("x", 50_000)
	go func() {
		for range 40 {
			e.out.Send(engineio.End(append(engineio.Begin(nil), message...), 0))
		}
	}()
	for got := 0; got < 40; {
		_, body := b.do(t, "GET", query, "")
		if len(body) > 400_000 {
			t.Errorf("a body of %d bytes", len(body))
		}
		got += strings.Count(body, "4x")
	}
}

func FuzzPackets(f *testing.F) {
	for _, body := range []string{"4hello\x1ebAQID", "2probe", "", "\x1e", "b", "0{}", "6", "4\xff", strings.Repeat("3\x1e", 100) + "3"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if n, valid := engineio.CountPackets(body); valid && n > len(body)/2+1 {
			t.Fatalf("%d packets in %d bytes", n, len(body))
		}
	})
}

// TestPollThatOvertakesTheUpgrade: a poll that arrives before the end of the
// upgrade that was sent first is refused like one after, also if it arrives while
// the answer to the probe is being written.
func TestPollThatOvertakesTheUpgrade(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"the end": false, "all of the upgrade": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, engineio.Options{})
			sessions := make(chan *engineio.Session, 1)
			b.opened = func(s *engineio.Session) { sessions <- s }
			deadline := time.Now().Add(2 * time.Minute)
			for time.Now().Before(deadline) {
				switch got := b.overtake(t, sessions, early); got {
				case badBody:
					return
				case "6": // the upgrade took long
				default:
					t.Fatal(got)
				}
			}
			t.Error("no poll waited for the upgrade")
		})
	}
}

// overtake gives the answer to a poll that waits for an upgrade; early: from before
// the client has heard of it.
func (b *bundle) overtake(t *testing.T, sessions <-chan *engineio.Session, early bool) string {
	t.Helper()
	query, _ := b.open(t)
	s := <-sessions
	conn := b.dial(t, strings.Replace(query, "polling", "websocket", 1))
	defer func() { _ = conn.Close() }()
	probe := func() {
		conn.Send("2probe")
		conn.Want("3probe")
	}
	if early {
		for !s.Probing() {
			time.Sleep(time.Millisecond)
		}
		s.Offer()
	} else {
		probe()
	}
	answer := make(chan string, 1)
	go func() {
		_, body := b.do(t, "GET", query, "")
		answer <- body
	}()
	for b.engine.Polls() == 0 && len(answer) == 0 { // it waits, but not for long
		time.Sleep(time.Millisecond)
	}
	if early {
		probe()
	}
	conn.Send("5")
	return <-answer
}

// TestPongOfASlowReader: the ping is behind megabytes that a client reads slowly.
// It has time as long as it reads, and no more when it does not.
func TestPongOfASlowReader(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{PingInterval: time.Hour, PingTimeout: time.Hour})
	sessions := make(chan *engineio.Session, 1)
	b.opened = func(s *engineio.Session) { sessions <- s }
	conn := b.dial(t, socketQuery)
	conn.Next()
	e, s := <-b.sessions, <-sessions
	conn.Send("4begun") // what is read is read once the timer is there
	conn.Next()
	for b.Hub.Stats().Blocked == 0 {
		e.out.Send(engineio.End(append(engineio.Begin(nil), strings.Repeat("x", 1<<20)...), 0))
	}
	s.Beat()
	for before := s.Queued(); s.Queued() >= before; {
		if _, err := conn.NetConn().Read(make([]byte, 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	s.Beat()
	select {
	case reason := <-e.closed:
		t.Fatalf("ended although it reads: %s", reason)
	default:
	}
	for beating := true; beating; { // it does not read any more
		s.Beat()
		select {
		case reason := <-e.closed:
			beating = false
			if reason != engineio.PingTimeout {
				t.Errorf("one that no longer reads: %s", reason)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
}
