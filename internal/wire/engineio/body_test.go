package engineio_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/wire/engineio"
)

// TestBodyThatDoesNotCome: a POST whose body does not come in time is answered,
// and ends the session.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outs := make(chan *echo, 1)
		engine, err := engineio.New(engineio.Options{
			PingInterval: time.Hour,
			Open: func(s *engineio.Session, _ *http.Request) (engineio.Outbox, engineio.Receiver, error) {
				e := &echo{out: direct{s}, closed: make(chan engineio.Reason, 1)}
				outs <- e
				return e.out, e, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		client, conn := net.Pipe()
		listener := &once{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
		listener.conns <- conn
		server := &http.Server{Handler: engine, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }()
		answers := bufio.NewReader(client)
		ask := func(request string) (status int, body string) {
			fmt.Fprintf(client, "%s\r\nHost: x\r\n\r\n", request)
			if err := client.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("%s: %v", request, err)
			}
			defer func() { _ = r.Body.Close() }()
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatalf("%s: %v", request, err)
			}
			return r.StatusCode, string(text)
		}
		_, opened := ask("GET /?" + pollQuery + " HTTP/1.1")
		var o struct{ SID string }
		if err := json.Unmarshal([]byte(strings.TrimPrefix(opened, "0")), &o); err != nil {
			t.Fatalf("%q: %v", opened, err)
		}
		if status, body := ask("POST /?" + pollQuery + "&sid=" + o.SID + " HTTP/1.1\r\nContent-Length: 100"); status != http.StatusBadRequest {
			t.Errorf("answered %d %q", status, body)
		}
		if reason := <-(<-outs).closed; reason != engineio.TransportError {
			t.Error(reason)
		}
		_, _ = client.Close(), server.Close()
		if err := engine.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// direct writes to a session without a hub.
type direct struct{ s *engineio.Session }

func (d direct) Send(frames []byte) { _, _ = d.s.TryWrite(frames) }

func (d direct) Close(last []byte) {
	d.Send(last)
	d.s.Hangup(true)
}

// once is a listener in memory.
type once struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	select {
	case conn := <-o.conns:
		return conn, nil
	case <-o.closed:
		return nil, net.ErrClosed
	}
}

func (o *once) Close() error {
	close(o.closed)
	return nil
}

func (o *once) Addr() net.Addr { return &net.UnixAddr{} }
