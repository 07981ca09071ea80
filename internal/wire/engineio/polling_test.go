package engineio_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/test/servetest"
	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/websocket"
)

// TestRefusals: the six of Engine.IO, with their status.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{
		Origin: func(r *http.Request) bool { return r.Header.Get("Origin") == "" },
		Refuse: func(r *http.Request) string {
			if r.URL.Query().Has("token") {
				return "no tokens in the URL"
			}
			return ""
		},
	})
	query, _ := b.open(t)
	for _, c := range []struct {
		method, query string
		status        int
		body          string
	}{
		{"GET", "EIO=4&transport=carrier-pigeon", 400, `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4", 400, `{"code":0,"message":"Transport unknown"}`},
		{"GET", pollQuery + "&sid=guess", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST", pollQuery, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"PUT", pollQuery, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"PUT", query, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"GET", "EIO=4&transport=websocket", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", strings.Replace(query, "polling", "websocket", 1), 400, `{"code":3,"message":"Bad request"}`},
		{"GET", pollQuery + "&token=x", 400, `{"code":3,"message":"no tokens in the URL"}`},
		{"GET", "EIO=3&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
	} {
		b.want(t, c.method, c.query, "", c.status, c.body)
	}
	for _, c := range []struct{ http, version, status, body string }{
		{"HTTP/1.1", "8", "426 Upgrade Required", `{"code":3,"message":"Bad request: the version`},
		{"HTTP/1.0", "13", "400 Bad Request", `{"code":3,"message":"Bad request: a WebSocket needs HTTP/1.1`},
	} {
		for _, query := range []string{"EIO=4&transport=websocket", strings.Replace(query, "polling", "websocket", 1)} {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", b.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintf(conn, "GET /?%s %s\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: %s\r\n\r\n", query, c.http, c.version)
			w, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(w.Body)
			if w.Status != c.status || !strings.HasPrefix(string(body), c.body) {
				t.Errorf("%s, version %s: %s %s", c.http, c.version, w.Status, body)
			}
			_ = conn.Close()
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"/?"+pollQuery, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "http://elsewhere.example")
	w, err := b.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Body.Close()
	if w.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign origin: %d", w.StatusCode)
	}
}

// TestPolling: what is sent comes back, text and binary, several at once.
func TestPolling(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, _ := b.open(t)
	b.want(t, "POST", query, "4hello\x1ebAQID\x1e4world", 200, "ok")
	b.want(t, "GET", query, "", 200, "4hello\x1ebAQID\x1e4world")
	waiting := make(chan string)
	go func() {
		_, body := b.do(t, "GET", query, "")
		waiting <- body
	}()
	b.want(t, "POST", query, "4late", 200, "ok")
	if body := <-waiting; body != "4late" {
		t.Errorf("a poll that waited: %q", body)
	}
	long := strings.Repeat("x", 600_000)
	b.want(t, "POST", query, "4"+long, 200, "ok")
	b.want(t, "GET", query, "", 200, "4"+long)
}

// TestPollingEnds: each way that a session of a client that polls ends.
func TestPollingEnds(t *testing.T) {
	t.Parallel()
	gone := `{"code":1,"message":"Session ID unknown"}`
	bad := `{"code":3,"message":"Bad request"}`
	t.Run("the client closes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		waiting := b.poll(t, query)
		b.want(t, "POST", query, "1", 200, "ok")
		if body := <-waiting; body != "6" {
			t.Errorf("the poll that waited: %q", body)
		}
		if reason := <-e.closed; reason != engineio.TransportClose {
			t.Error(reason)
		}
		b.want(t, "GET", query, "", 400, gone)
	})
	t.Run("the client closes while a poll is on its way", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		b.want(t, "POST", query, "1", 200, "ok")
		if reason := <-e.closed; reason != engineio.TransportClose {
			t.Error(reason)
		}
		b.want(t, "GET", query, "", 200, "6")
		b.want(t, "GET", query, "", 400, gone)
	})
	t.Run("two polls", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		waiting := b.poll(t, query)
		b.want(t, "GET", query, "", 400, bad)
		if body := <-waiting; body != "1" {
			t.Errorf("the first poll: %q", body)
		}
		if reason := <-e.closed; reason != engineio.TransportError {
			t.Error(reason)
		}
		b.wantGone(t, query)
	})
	t.Run("a poll is given up", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			w, err := b.Client().Do(r)
			if err == nil {
				_ = w.Body.Close()
			}
			failed <- err
		}()
		b.awaitPolls(1)
		cancel()
		if <-failed == nil {
			t.Error("the poll was answered")
		}
		if reason := <-e.closed; reason != engineio.TransportError {
			t.Error(reason)
		}
		b.want(t, "GET", query, "", 400, gone)
	})
	for name, body := range map[string]string{
		"empty": "", "unknown type": "abc", "not base64": "b???", "a ping": "2", "nothing before a separator": "\x1e4a", "not UTF-8": "4\xff",
	} {
		t.Run("malformed: "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, engineio.Options{})
			query, e := b.open(t)
			b.want(t, "POST", query, body, 400, bad)
			b.want(t, "GET", query, "", 400, gone)
			if reason := <-e.closed; reason != engineio.TransportError {
				t.Error(reason)
			}
		})
	}
	t.Run("the receiver refuses", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		b.want(t, "POST", query, "4refuse", 400, bad)
		b.want(t, "GET", query, "", 400, gone)
		if reason := <-e.closed; reason != engineio.ParseError {
			t.Error(reason)
		}
	})
	t.Run("too long", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{MaxPayload: 100})
		query, _ := b.open(t)
		if status, _ := b.do(t, "POST", query, "4"+strings.Repeat("x", 100)); status != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", status)
		}
		b.want(t, "POST", query, "4"+strings.Repeat("x", 99), 200, "ok")
	})
	t.Run("the server closes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		b.want(t, "POST", query, "4last", 200, "ok")
		e.out.Close(nil)
		b.want(t, "GET", query, "", 200, "4last")
		b.wantGone(t, query)
	})
	t.Run("the server closes behind a client that is slow", func(t *testing.T) {
		t.Parallel()
		b := setup(t, engineio.Options{})
		query, e := b.open(t)
		b.want(t, "POST", query, "4one\x1e4two", 200, "ok")
		e.out.Close(websocket.AppendClose(nil, 1001, ""))
		b.want(t, "GET", query, "", 200, "4one\x1e4two") // the client acts on an end at once, and on the rest later
		b.want(t, "GET", query, "", 200, "1")
		b.want(t, "GET", query, "", 400, gone)
	})
}

// slowOutbox writes at once, and hangs up when it is told to.
type slowOutbox struct {
	*engineio.Session
	hangup chan struct{}
}

func (o slowOutbox) Send(frames []byte) { _, _ = o.Write(frames) }
func (o slowOutbox) Close([]byte) {
	go func() {
		<-o.hangup
		o.Hangup(true)
	}()
}

// TestGoneBeforeItIsHungUp: who has lost its session hears of that at once, however
// long it takes to hang up.
func TestGoneBeforeItIsHungUp(t *testing.T) {
	t.Parallel()
	b, query, hangup := slow(t)
	b.want(t, "POST", query, "malformed", 400, badBody)
	b.want(t, "GET", query, "", 400, goneBody)
	if reason := hangup(); reason != engineio.TransportError {
		t.Error(reason)
	}
}

// TestOnePollCrossesTheClose: the client closed while a poll was on its way, which
// is answered; any other one is refused, before the session is hung up and after.
func TestOnePollCrossesTheClose(t *testing.T) {
	t.Parallel()
	b, query, hangup := slow(t)
	b.want(t, "POST", query, "1", 200, "ok")
	b.want(t, "GET", query, "", 200, "6")
	b.want(t, "GET", query, "", 400, goneBody)
	if reason := hangup(); reason != engineio.TransportClose {
		t.Error(reason)
	}
	b.want(t, "GET", query, "", 400, goneBody)
}

// slow opens a session that is hung up when hangup is called, which says why it
// ended.
func slow(t *testing.T) (b *bundle, query string, hangup func() engineio.Reason) {
	t.Helper()
	out, e := slowOutbox{hangup: make(chan struct{})}, &echo{closed: make(chan engineio.Reason, 1)}
	b = &bundle{}
	b.Bundle = servetest.NewBundle(t, room.Options{}, nil, func(*servetest.Bundle) (h servetest.Handler, err error) {
		b.engine, err = engineio.New(engineio.Options{Open: func(s *engineio.Session, _ *http.Request) (engineio.Outbox, engineio.Receiver, error) {
			out.Session = s
			return out, e, nil
		}})
		return b.engine, err
	})
	b.do(t, "GET", pollQuery, "")
	return b, pollQuery + "&sid=" + out.ID(), func() engineio.Reason {
		close(out.hangup)
		return <-e.closed
	}
}

// TestClosedWhileOpening: a session may be closed before it has begun.
func TestClosedWhileOpening(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{PingTimeout: time.Minute})
	b.opened = func(s *engineio.Session) { s.Close(nil) }
	b.do(t, "GET", pollQuery, "")
	if reason := <-(<-b.sessions).closed; reason != engineio.ForcedClose {
		t.Error(reason)
	}
	if err := b.engine.Wait(t.Context()); err != nil || b.engine.Sessions() != 0 {
		t.Error("the session is still there", err)
	}
}

// TestHeartbeat: a ping comes in time, who answers stays, who does not is gone.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{PingInterval: 20 * time.Millisecond, PingTimeout: 500 * time.Millisecond})
	query, e := b.open(t)
	for range 5 {
		b.want(t, "GET", query, "", 200, "2")
		b.want(t, "POST", query, "3", 200, "ok")
	}
	if reason := <-e.closed; reason != engineio.PingTimeout {
		t.Error(reason)
	}
	b.want(t, "GET", query, "", 400, `{"code":1,"message":"Session ID unknown"}`)
}

// poll waits in a request, and gives its body.
func (b *bundle) poll(t *testing.T, query string) <-chan string {
	t.Helper()
	body := make(chan string, 1)
	go func() {
		_, text := b.do(t, "GET", query, "")
		body <- text
	}()
	b.awaitPolls(1)
	return body
}

// awaitPolls waits until n polls wait.
func (b *bundle) awaitPolls(n int) {
	for b.engine.Polls() < n {
		time.Sleep(time.Millisecond)
	}
}

// wantGone polls until the session is gone, and then it is.
func (b *bundle) wantGone(t *testing.T, query string) {
	t.Helper()
	for {
		status, body := b.do(t, "GET", query, "")
		if status == http.StatusBadRequest && body == `{"code":1,"message":"Session ID unknown"}` {
			return
		}
		if status != http.StatusOK || body != "1" {
			t.Fatalf("%d %q", status, body)
		}
	}
}
