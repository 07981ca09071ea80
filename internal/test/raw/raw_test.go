package raw_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"rowcast/internal/test/raw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFeedAnswersPings(t *testing.T) {
	t.Parallel()
	said := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"rowcast.v1"}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		for _, text := range []string{`{"type":"ping"}`, `not "JSON"`, `{"type": "ping"}`, `{"type":"joined"}`} {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(text))
		}
		for range 3 {
			_, text, err := conn.ReadMessage()
			if err != nil {
				t.Error(err)
			}
			said <- string(text)
		}
	}))
	t.Cleanup(server.Close)
	f, err := raw.DialFeed(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), "token", raw.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, want := range []string{`not "JSON"`, `{"type":"joined"}`} {
		if got, err := f.Next(); err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if err := f.Join("T", "f1.0.0", nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"type":"pong"}`, `{"type":"pong"}`, `{"cursor":"f1.0.0","tenantId":"T","type":"join-tenant"}`} {
		if got := strings.TrimSpace(<-said); got != want {
			t.Errorf("it says %s; want %s", got, want)
		}
	}
}

func TestEventsAreReadAsTheStandardHasThem(t *testing.T) {
	t.Parallel()
	const text = "retry: 5\r\n\r\n: comment\n\nid: 1\revent:a\rdata: x\rdata:  y\r\r\ndata\n\ndata: torn\n"
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		s := raw.NewEvents(r)
		var got []raw.Event
		var err error
		for err == nil {
			var e raw.Event
			e, err = s.Read()
			got = append(got, e)
		}
		want := []raw.Event{{Comment: "comment"}, {ID: "1", Name: "a", Data: "x\n y"}, {}, {}}
		if !slices.Equal(got, want) || !errors.Is(err, io.ErrUnexpectedEOF) || s.Retry != "5" || s.LastID != "1" {
			t.Errorf("got %q, %v, retry %s, id %s; want %q", got, err, s.Retry, s.LastID, want)
		}
	}
	if _, err := raw.NewEvents(strings.NewReader("")).Read(); !errors.Is(err, io.EOF) {
		t.Errorf("an empty stream ends with %v", err)
	}
	if _, err := raw.NewEvents(strings.NewReader("datum: x\n\n")).Read(); err == nil || !strings.Contains(err.Error(), "datum") {
		t.Errorf("an unknown field is read with %v", err)
	}
}

func TestThrottledReader(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dial := func(network raw.DialFunc) (client, server net.Conn) {
		client, err := network(context.Background(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if server, err = listener.Accept(); err != nil {
			t.Fatal(err)
		}
		return client, server
	}
	read := func(conn net.Conn) <-chan byte {
		got := make(chan byte)
		go func() {
			defer close(got)
			b := make([]byte, 1)
			for {
				if _, err := conn.Read(b); err != nil {
					return
				}
				got <- b[0]
			}
		}()
		return got
	}

	valve := raw.NewValve()
	client, server := dial(valve.Dial)
	valve.Turn(false)
	_, _ = server.Write([]byte("a"))
	got := read(client)
	select {
	case b := <-got:
		t.Errorf("read %q through a valve that is shut", b)
	default:
	}
	valve.Turn(true)
	if b := <-got; b != 'a' {
		t.Errorf("read %q through the open valve", b)
	}
	raw.Reset(client)
	if _, err := server.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a connection that was reset ends with %v", err)
	}
	<-got
	_ = server.Close()

	allowance := raw.NewAllowance(0)
	allowance.Raise(2)
	client, server = dial(allowance.Dial)
	got = read(client)
	_, _ = server.Write([]byte("abcd"))
	for _, want := range "ab" {
		if b := <-got; rune(b) != want {
			t.Errorf("read %q; want %q", b, want)
		}
	}
	select {
	case b := <-got:
		t.Errorf("read %q, which is not allowed yet", b)
	default:
	}
	allowance.Raise(4)
	if b := <-got; b != 'c' {
		t.Errorf("read %q", b)
	}
	raw.Reset(client)
	for range got { // until its end
	}
	_ = server.Close()
}
