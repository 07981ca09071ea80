package engineio_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/hub/room"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/wire/engineio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo sends everything back.
type echo struct {
	out    engineio.Outbox
	closed chan engineio.Reason
	// hold is sent to, and then received from, by a message "hold".
	hold chan struct{}
}

var errRefused = errors.New("refused")

func (e *echo) Message(binary bool, data []byte) error {
	switch {
	case binary:
		e.out.Send(engineio.AppendBinary(nil, data))
	case string(data) == "hold":
		e.hold <- struct{}{}
		<-e.hold
	case string(data) == "refuse":
		return errRefused
	default:
		e.out.Send(engineio.End(append(engineio.Begin(nil), data...), 0))
	}
	return nil
}

func (e *echo) Closed(reason engineio.Reason) { e.closed <- reason }

// bundle is a server that echoes.
type bundle struct {
	*servetest.Bundle
	engine *engineio.Server
	// sessions has the receiver of each session.
	sessions chan *echo
	// opened, if not nil, is called for each session.
	opened func(*engineio.Session)
}

func setup(t *testing.T, o engineio.Options) *bundle {
	t.Helper()
	b := &bundle{sessions: make(chan *echo, 100)}
	b.Bundle = servetest.NewBundle(t, room.Options{}, nil, func(s *servetest.Bundle) (h servetest.Handler, err error) {
		o.Open = func(c *engineio.Session, _ *http.Request) (engineio.Outbox, engineio.Receiver, error) {
			out, err := s.Outbox(c)
			if err != nil {
				return nil, nil, err
			}
			e := &echo{out: out, closed: make(chan engineio.Reason, 1), hold: make(chan struct{})}
			b.sessions <- e
			if b.opened != nil {
				b.opened(c)
			}
			return out, e, nil
		}
		b.engine, err = engineio.New(o)
		return b.engine, err
	})
	return b
}

// do makes a request, and gives the status and the body.
func (b *bundle) do(t *testing.T, method, query, body string) (int, string) {
	t.Helper()
	return raw.Do(t, b.Client(), method, b.URL+"/?"+query, body, nil)
}

const pollQuery = "EIO=4&transport=polling"

// open is a session that polls.
func (b *bundle) open(t *testing.T) (query string, e *echo) {
	t.Helper()
	status, body := b.do(t, http.MethodGet, pollQuery, "")
	var opened struct {
		SID                       string
		Upgrades                  []string
		PingInterval, PingTimeout int
		MaxPayload                int
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &opened); err != nil || status != http.StatusOK {
		t.Fatalf("%d %q: %v", status, body, err)
	}
	if len(opened.SID) < 20 || len(opened.Upgrades) != 1 || opened.PingInterval == 0 || opened.PingTimeout == 0 || opened.MaxPayload == 0 {
		t.Fatalf("%q", body)
	}
	return pollQuery + "&sid=" + opened.SID, <-b.sessions
}

// want makes a request and compares the answer.
func (b *bundle) want(t *testing.T, method, query, body string, status int, text string) {
	t.Helper()
	if gotStatus, got := b.do(t, method, query, body); gotStatus != status || got != text {
		t.Fatalf("%s %s: %d %q, want %d %q", method, query, gotStatus, got, status, text)
	}
}

// dial opens a WebSocket.
func (b *bundle) dial(t *testing.T, query string) *raw.Packets {
	t.Helper()
	return raw.DialPackets(t, "ws"+strings.TrimPrefix(b.URL, "http")+"/?"+query, nil)
}
