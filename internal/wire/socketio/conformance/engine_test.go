package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// both runs a test at both paths.
func both(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	for _, path := range []string{socketPath, echoPath} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}

// TestHandshake: sessions open over either transport, and malformed requests are
// bad ones.
func TestHandshake(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, path string) {
		b := setup(t, options{})
		b.poll(t, path)
		b.open(t, path)
		for _, query := range []string{"/?transport=polling", "/?EIO=abc&transport=polling", "/?EIO=3&transport=polling", "/?EIO=4", "/?EIO=4&transport=abc", "/"} {
			b.want(t, http.MethodGet, path+query, "", http.StatusBadRequest, "")
			conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(b.URL, "http")+path+strings.Replace(query, "polling", "websocket", 1), nil)
			if err == nil {
				_ = conn.Close()
				t.Fatalf("%s opened a WebSocket", query)
			}
			if response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", query, response.StatusCode)
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			b.want(t, method, path+polling, "", http.StatusBadRequest, "")
		}
	})
}

// TestHeartbeat: pings come, who answers stays, who does not is gone.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, path string) {
		b := setup(t, options{pingInterval: 20 * time.Millisecond, pingTimeout: time.Second})
		session := b.poll(t, path)
		c := b.open(t, path)
		for range 3 {
			b.want(t, http.MethodGet, session, "", http.StatusOK, "2")
			b.want(t, http.MethodPost, session, "3", http.StatusOK, "ok")
			c.Want("2")
			c.Send("3")
		}
		b.want(t, http.MethodGet, session, "", http.StatusOK, "2")
		c.Closed()
		for deadline := time.Now().Add(timeout); ; {
			if status, _ := b.do(t, http.MethodGet, session, ""); status == http.StatusBadRequest {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the session goes on")
			}
		}
	})
}

// TestPolling: packets come back, in order; what breaks the rules ends the
// session.
func TestPolling(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	session := b.poll(t, echoPath)
	for _, body := range []string{"4hello", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA=="} {
		b.want(t, http.MethodPost, session, body, http.StatusOK, "ok")
		b.want(t, http.MethodGet, session, "", http.StatusOK, body)
	}
	b.want(t, http.MethodPost, session, "abc", http.StatusBadRequest, "")
	b.want(t, http.MethodGet, session, "", http.StatusBadRequest, "")

	both(t, func(t *testing.T, path string) {
		b := setup(t, options{})
		closing := b.poll(t, path)
		first := b.later(t, closing)
		b.want(t, http.MethodPost, closing, "1", http.StatusOK, "ok")
		if body := <-first; body != "6" {
			t.Errorf("the poll of a session that was closed: %q", body)
		}
		b.want(t, http.MethodGet, closing, "", http.StatusBadRequest, "")

		// Of two polls, whichever came second is refused, and the session ends.
		twice := b.poll(t, path)
		one, two := b.later(t, twice), b.later(t, twice)
		bodies := []string{<-one, <-two}
		if bodies[0] != "1" {
			bodies[0], bodies[1] = bodies[1], bodies[0]
		}
		if bodies[0] != "1" || !strings.Contains(bodies[1], "Bad request") {
			t.Errorf("two polls: %q", bodies)
		}
		b.want(t, http.MethodGet, twice, "", http.StatusBadRequest, "")

		given := b.poll(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+given, nil)
		if err != nil {
			t.Fatal(err)
		}
		up := make(chan error)
		go func() {
			w, err := b.Client().Do(r)
			if err == nil {
				_ = w.Body.Close()
			}
			up <- err
		}()
		time.AfterFunc(10*time.Millisecond, cancel)
		if <-up == nil {
			t.Error("a poll with nothing to say was answered")
		}
		// Should it never have been sent, this one waits; the one after is refused.
		for deadline := time.Now().Add(timeout); ; {
			first, second := b.later(t, given), b.later(t, given)
			if strings.Contains(<-first+<-second, "Session ID unknown") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the session goes on")
			}
		}
	})
}

// later polls, and gives the body when there is one.
func (b *bundle) later(t *testing.T, target string) <-chan string {
	t.Helper()
	body := make(chan string, 1)
	go func() {
		_, text := b.do(t, http.MethodGet, target, "")
		body <- text
	}()
	return body
}

// TestWebSocket: packets come back, and what breaks the rules ends the session.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	c := b.open(t, echoPath)
	c.Send("4hello", "b\x01\x02\x03\x04")
	c.Want("4hello", "b\x01\x02\x03\x04")
	both(t, func(t *testing.T, path string) {
		b := setup(t, options{})
		for _, m := range []string{"abc", "1", ""} {
			c := b.open(t, path)
			c.Send(m)
			c.Closed()
		}
	})
}

// TestUpgrade: a session goes on over a WebSocket, and over nothing else.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, path string) {
		b := setup(t, options{})
		session := b.poll(t, path)
		upgrade := strings.Replace(session, "polling", "websocket", 1)
		c := b.dial(t, upgrade)
		c.Send("2probe")
		c.Want("3probe")
		b.want(t, http.MethodGet, session, "", http.StatusOK, "6")
		c.Send("5")
		say, answer := []string{"4hello"}, []string{"4hello"}
		if path == socketPath {
			say, answer = []string{"40/x", "40/y"}, []string{`44/x,{"message":"Invalid namespace"}`, `44/y,{"message":"Invalid namespace"}`}
		}
		c.Send(say...)
		c.Want(answer...) // so that the upgrade is done
		b.want(t, http.MethodGet, session, "", http.StatusBadRequest, "")
		b.want(t, http.MethodPost, session, "4no", http.StatusBadRequest, "")
		b.dial(t, upgrade).Closed()
		c.Send(say...)
		c.Want(answer...)
	})
}
