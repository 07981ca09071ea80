package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

// stream is a response of Server-Sent Events.
type stream struct {
	*raw.Events
	body  io.Closer
	conns *conns
}

// conns are the connections of a client of HTTP.
type conns struct {
	network raw.DialFunc
	made    chan net.Conn
}

func (k *conns) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := k.network(ctx, network, address)
	if err == nil {
		k.made <- conn
	}
	return conn, err
}

// cut resets all of them.
func (k *conns) cut() {
	for {
		select {
		case conn := <-k.made:
			raw.Reset(conn)
		default:
			return
		}
	}
}

func dialStream(ctx context.Context, q request) (conn, message, error) {
	k := &conns{network: q.network, made: make(chan net.Conn, 16)}
	query := url.Values{"tenant": {q.tenant}}
	if q.events != nil {
		query.Set("events", strings.Join(q.events, ","))
	}
	if q.where != nil {
		query.Set("where", string(q.where))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+q.address+"/events?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, message{}, err
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.cursor != "" {
		r.Header.Set("Last-Event-ID", q.cursor)
	}
	client := http.Client{Transport: &http.Transport{DialContext: k.dial, DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return nil, message{}, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		var problem struct{ Code string }
		if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
			return nil, message{}, fmt.Errorf("status %d: %w", response.StatusCode, err)
		}
		return nil, message{}, &refusal{problem.Code}
	}
	c := &stream{Events: raw.NewEvents(response.Body), body: response.Body, conns: k}
	m, err := c.next()
	if err != nil {
		c.cut()
	}
	return c, m, err
}

func (c *stream) next() (message, error) {
	// A stream has no deadlines of its own.
	late := time.AfterFunc(servetest.Timeout, c.cut)
	defer late.Stop()
	for {
		e, err := c.Read()
		switch {
		case err != nil:
			return message{}, err
		case e.Data == "":
			continue // a comment
		case e.Name == "closed":
			var closed struct{ Reason string }
			if err := json.Unmarshal([]byte(e.Data), &closed); err != nil {
				return message{}, err
			}
			hint, err := time.ParseDuration(c.Retry + "ms")
			if err != nil {
				return message{}, err
			}
			return message{}, &ended{code: closed.Reason, hint: hint}
		}
		m, err := decode([]byte(e.Data))
		if errors.Is(err, errPassed) {
			continue
		}
		name := m.Type
		if name == "event" {
			name = m.Event
		}
		switch {
		case err != nil:
			return message{}, err
		case e.Name != name || e.ID != m.Cursor:
			return message{}, fmt.Errorf("event %q with id %q is %s", e.Name, e.ID, e.Data)
		}
		return m, nil
	}
}

func (c *stream) cut() {
	c.conns.cut()
	_ = c.body.Close()
}
