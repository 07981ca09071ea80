package raw

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Packets carries text and binary messages over a WebSocket. A binary one is
// written with a leading b. It answers no pings of Engine.IO, but skips them if
// Skip is set.
type Packets struct {
	*websocket.Conn
	// Skip has pings answered and left out.
	Skip bool
	t    testing.TB
}

// DialPackets connects until the test ends.
func DialPackets(t testing.TB, url string, header http.Header) *Packets {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), url, header)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &Packets{Conn: conn, t: t}
}

// Send sends messages.
func (p *Packets) Send(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		kind := websocket.TextMessage
		text, binary := strings.CutPrefix(m, "b")
		if binary {
			kind = websocket.BinaryMessage
		}
		if err := p.WriteMessage(kind, []byte(text)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Read returns the next message.
func (p *Packets) Read() (string, error) {
	for {
		if err := p.SetReadDeadline(time.Now().Add(Timeout)); err != nil {
			return "", err
		}
		kind, data, err := p.ReadMessage()
		switch {
		case err != nil:
			return "", err
		case kind == websocket.BinaryMessage:
			return "b" + string(data), nil
		case !p.Skip || string(data) != "2":
			return string(data), nil
		}
		if err := p.WriteMessage(websocket.TextMessage, []byte("3")); err != nil {
			return "", err
		}
	}
}

// Next is Read that must succeed.
func (p *Packets) Next() string {
	p.t.Helper()
	m, err := p.Read()
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// Want reads messages.
func (p *Packets) Want(messages ...string) {
	p.t.Helper()
	for _, want := range messages {
		if got := p.Next(); got != want {
			p.t.Fatalf("got  %.400s\nwant %.400s", got, want)
		}
	}
}

// Closed reads until the server has closed. Only pings may come before.
func (p *Packets) Closed() {
	p.t.Helper()
	for {
		switch m, err := p.Read(); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.t.Fatal("the session goes on")
		case err != nil:
			return
		case m != "2":
			p.t.Fatalf("got %.200q, want the end", m)
		}
	}
}
