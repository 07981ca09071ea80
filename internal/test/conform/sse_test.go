package conform_test

import (
	"bufio"
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

	"rowcast/internal/test/servetest"
)

// stream is a response of Server-Sent Events.
type stream struct {
	lines *bufio.Reader
	body  io.Closer
	conns *conns
	retry time.Duration
}

// conns are the connections of a client of HTTP.
type conns struct {
	network dialFunc
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
			reset(conn)
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
	c := &stream{lines: bufio.NewReader(response.Body), body: response.Body, conns: k}
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
		fields, err := c.read()
		if err != nil {
			return message{}, err
		}
		if fields["event"] == "closed" {
			var closed struct{ Reason string }
			if err := json.Unmarshal([]byte(fields["data"]), &closed); err != nil {
				return message{}, err
			}
			return message{}, &ended{code: closed.Reason, hint: c.retry}
		}
		m, err := decode([]byte(fields["data"]))
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
		case fields["event"] != name || fields["id"] != m.Cursor:
			return message{}, fmt.Errorf("event %q with id %q is %s", fields["event"], fields["id"], fields["data"])
		}
		return m, nil
	}
}

// read is the next event, by fields.
func (c *stream) read() (map[string]string, error) {
	fields := make(map[string]string)
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "retry":
			if c.retry, err = time.ParseDuration(value + "ms"); err != nil {
				return nil, err
			}
		case name != "":
			fields[name] = value
		case line == "\n" && fields["data"] != "":
			return fields, nil
		}
	}
}

func (c *stream) cut() {
	c.conns.cut()
	_ = c.body.Close()
}
