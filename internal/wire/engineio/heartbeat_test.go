package engineio_test

import (
	"net/http"
	"testing"
	"time"

	"rowcast/internal/wire/engineio"
)

// long is longer than a test. A ping that is sent early has to be answered after
// twice that.
const long = 1000 * time.Hour

// patient is a server whose timer the tests are, and the session that it opens.
func patient(t *testing.T) (*bundle, <-chan *engineio.Session) {
	t.Helper()
	b := setup(t, engineio.Options{PingInterval: long, PingTimeout: long})
	sessions := make(chan *engineio.Session, 1)
	b.opened = func(s *engineio.Session) { sessions <- s }
	return b, sessions
}

// stays fails if a session has ended.
func (e *echo) stays(t *testing.T, what string) {
	t.Helper()
	select {
	case reason := <-e.closed:
		t.Fatalf("%s: ended, %s", what, reason)
	default:
	}
}

// TestPongBehindAMessage: a client has answered in time if its answer is still to
// be read, behind a message that takes the server long. That counts once.
func TestPongBehindAMessage(t *testing.T) {
	t.Parallel()
	end := func(t *testing.T, s *engineio.Session, e *echo) {
		t.Helper()
		s.Beat()
		s.Beat()
		e.hold <- struct{}{}
		if reason := <-e.closed; reason != engineio.PingTimeout {
			t.Error(reason)
		}
	}
	t.Run("polling", func(t *testing.T) {
		t.Parallel()
		b, sessions := patient(t)
		query, e := b.open(t)
		s := <-sessions
		post := func(body string) <-chan int {
			answered := make(chan int, 1)
			go func() {
				status, _ := b.do(t, http.MethodPost, query, body)
				answered <- status
			}()
			<-e.hold
			return answered
		}
		s.Beat()
		b.want(t, http.MethodGet, query, "", http.StatusOK, "2")
		answered := post("4hold\x1e3")
		s.Beat()
		e.stays(t, "the pong is in a body that is being read")
		e.hold <- struct{}{}
		if status := <-answered; status != http.StatusOK || s.Pending() {
			t.Errorf("status %d, the pong is missing: %v", status, s.Pending())
		}
		s.Beat()
		b.want(t, http.MethodGet, query, "", http.StatusOK, "2")
		answered = post("4hold")
		end(t, s, e)
		<-answered
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Parallel()
		b, sessions := patient(t)
		conn := b.dial(t, socketQuery)
		conn.Next()
		s, e := <-sessions, <-b.sessions
		conn.Send("4begun") // what is read is read once the timer is there
		conn.Next()
		s.Beat()
		conn.Want("2")
		conn.Send("4hold")
		conn.Send("3")
		conn.Send("4end")
		<-e.hold
		s.Beat()
		e.stays(t, "the pong is in the buffer of the socket")
		e.hold <- struct{}{}
		if got := conn.Next(); got != "4end" || s.Pending() {
			t.Errorf("%q, the pong is missing: %v", got, s.Pending())
		}
		s.Beat()
		conn.Want("2")
		conn.Send("4hold")
		<-e.hold
		end(t, s, e)
	})
}

// TestServerThatSlept: a pong that was due while the server did not run is still
// taken, once, whichever request comes first; a poll of who does not send it is one
// of a session that is gone.
func TestServerThatSlept(t *testing.T) {
	t.Parallel()
	b, sessions := patient(t)
	query, e := b.open(t)
	s := <-sessions
	for _, wake := range []func() <-chan string{
		func() <-chan string { return b.poll(t, query) },
		func() <-chan string { s.Tick(); return b.poll(t, query) },
	} {
		s.Beat()
		b.want(t, http.MethodGet, query, "", http.StatusOK, "2")
		s.Backdate(2*long + long/10)
		waiting := wake()
		b.want(t, http.MethodPost, query, "3", http.StatusOK, "ok")
		e.stays(t, "it has answered")
		s.Tick() // it was set anew: no ping
		b.want(t, http.MethodPost, query, "4hello", http.StatusOK, "ok")
		if body := <-waiting; body != "4hello" {
			t.Errorf("the poll: %q", body)
		}
	}
	s.Beat()
	b.want(t, http.MethodGet, query, "", http.StatusOK, "2")
	s.Backdate(2*long + long/10)
	waiting := b.poll(t, query)
	s.Backdate(long)
	s.Tick()
	if reason := <-e.closed; reason != engineio.PingTimeout {
		t.Error(reason)
	}
	if body := <-waiting; body != goneBody {
		t.Errorf("a poll that came too late: %q", body)
	}
}

// TestLateIsGone: who has not answered when the timer goes in time is gone, and so
// is who has not fetched the ping, also before the timer goes and if the server was
// asleep.
func TestLateIsGone(t *testing.T) {
	t.Parallel()
	b, sessions := patient(t)
	for name, c := range map[string]struct {
		fetch bool
		late  time.Duration
	}{
		"the ping was fetched":     {true, time.Hour}, // a moment, of that time
		"the ping was not fetched": {false, time.Hour},
		"the server was asleep":    {false, long / 10},
	} {
		query, e := b.open(t)
		s := <-sessions
		s.Beat()
		if c.fetch {
			b.want(t, http.MethodGet, query, "", http.StatusOK, "2")
		}
		for !c.fetch && s.Queued() == 0 {
			time.Sleep(time.Millisecond)
		}
		s.Backdate(2*long + c.late)
		if c.fetch {
			s.Tick()
		}
		b.want(t, http.MethodGet, query, "", http.StatusBadRequest, goneBody)
		if reason := <-e.closed; reason != engineio.PingTimeout {
			t.Errorf("%s: %s", name, reason)
		}
		b.want(t, http.MethodPost, query, "3", http.StatusBadRequest, goneBody)
	}
}
