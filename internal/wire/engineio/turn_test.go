package engineio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socket"
)

const (
	goneBody = `{"code":1,"message":"Session ID unknown"}`
	badBody  = `{"code":3,"message":"Bad request"}`
)

// answered is what a request got.
type answered struct {
	status int
	body   string
}

// request has the engine serve a request in another goroutine.
func (b *bundle) request(ctx context.Context, query string) <-chan answered {
	got := make(chan answered, 1)
	go func() {
		w := httptest.NewRecorder()
		b.engine.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/?"+query, nil))
		got <- answered{w.Code, w.Body.String()}
	}()
	return got
}

// TestFirstPollStays: of two polls that overlap, the one whose connection was opened
// first is told that the session ends, and the other one is refused, in whichever
// order they are served.
func TestFirstPollStays(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	stays, refused := answered{http.StatusOK, "1"}, answered{http.StatusBadRequest, badBody}
	accept := socket.Accepted()
	for name, c := range map[string]func() (first, second context.Context, reversed bool){
		"in order": func() (context.Context, context.Context, bool) {
			return accept(t.Context(), nil), accept(t.Context(), nil), false
		},
		"reversed": func() (context.Context, context.Context, bool) {
			second, first := accept(t.Context(), nil), accept(t.Context(), nil)
			return first, second, true
		},
		"of connections that were used before": func() (context.Context, context.Context, bool) {
			second, first := accept(t.Context(), nil), accept(t.Context(), nil)
			socket.Order(second)
			return first, second, false
		},
		"of which nothing is known": func() (context.Context, context.Context, bool) {
			return t.Context(), t.Context(), false
		},
	} {
		query, e := b.open(t)
		first, second, reversed := c()
		one := b.request(first, query)
		b.awaitPolls(1)
		two := b.request(second, query)
		if reversed {
			one, two = two, one
		}
		if got := <-one; got != stays {
			t.Errorf("%s: the first poll: %+v", name, got)
		}
		if got := <-two; got != refused {
			t.Errorf("%s: the second poll: %+v", name, got)
		}
		if reason := <-e.closed; reason != engineio.TransportError {
			t.Errorf("%s: %s", name, reason)
		}
	}
}

// TestPollGivenUp: a poll that is given up ends the session before the next one
// can take its place, however they meet.
func TestPollGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	for range 500 {
		query, e := b.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		given := b.request(ctx, query)
		b.awaitPolls(1)
		cancel()
		if next := <-b.request(t.Context(), query); next.status != http.StatusBadRequest {
			t.Fatalf("the poll after one that was given up: %+v", next)
		}
		<-given
		if reason := <-e.closed; reason != engineio.TransportError {
			t.Fatal(reason)
		}
	}
}

// broken is a connection that takes nothing.
type broken struct{ *httptest.ResponseRecorder }

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestPollThatNobodyReads: what was for a poll whose client has gone is not lost in
// silence.
func TestPollThatNobodyReads(t *testing.T) {
	t.Parallel()
	b, sessions := patient(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, poll := range map[string]func(query string){
		"given up before it is answered": func(query string) {
			if got := <-b.request(gone, query); got.body != "" {
				t.Errorf("nobody gets %q", got.body)
			}
		},
		"the connection takes nothing": func(query string) {
			b.engine.ServeHTTP(broken{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, nil))
		},
	} {
		query, e := b.open(t)
		s := <-sessions
		b.want(t, http.MethodPost, query, "4hello", http.StatusOK, "ok")
		for s.Queued() == 0 {
			time.Sleep(time.Millisecond)
		}
		poll(query)
		if reason := <-e.closed; reason != engineio.TransportError {
			t.Errorf("%s: %s", name, reason)
		}
		b.want(t, http.MethodGet, query, "", http.StatusBadRequest, goneBody)
	}
}

// TestNoopThatNobodyReads: it says nothing, so nothing is lost.
func TestNoopThatNobodyReads(t *testing.T) {
	t.Parallel()
	b := setup(t, engineio.Options{})
	query, e := b.open(t)
	conn := b.dial(t, "EIO=4&transport=websocket"+query[len(pollQuery):])
	conn.Send("2probe")
	conn.Want("3probe")
	b.engine.ServeHTTP(broken{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, nil))
	conn.Send("5")
	conn.Send("4hello")
	conn.Want("4hello")
	e.stays(t, "a noop was lost")
}
