package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// readSize is the buffer of one client.
const readSize = 16 << 10

// client is one connection that counts what it receives.
type client struct {
	conn          net.Conn
	says          *dialect
	first         []byte // what came together with the handshake
	events, bytes atomic.Int64
	// joined and ended are closed when that happens; err says why it ended.
	joined, ended chan struct{}
	err           error
}

// dial connects from a loopback address and shakes hands; a bare connection does
// not.
func dial(ctx context.Context, address string, says *dialect, source net.IP) (*client, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	conn, err := dialer.DialContext(ctx, "tcp4", address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, says: says, joined: make(chan struct{}), ended: make(chan struct{})}
	if says.path == "" {
		close(c.joined)
		return c, nil
	}
	if err := c.shakeHands(ctx, address); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) shakeHands(ctx context.Context, address string) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+c.says.path, nil)
	if err != nil {
		return err
	}
	for _, header := range []map[string]string{c.says.header, {
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}} {
		for name, value := range header {
			request.Header.Set(name, value)
		}
	}
	if err := request.Write(c.conn); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	buffer := bufio.NewReaderSize(c.conn, 1<<10)
	response, err := http.ReadResponse(buffer, request)
	if err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(response.Body, readSize))
		return fmt.Errorf("refused with %s: %s", response.Status, body)
	}
	if c.first, err = io.ReadAll(io.LimitReader(buffer, int64(buffer.Buffered()))); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	return c.conn.SetDeadline(time.Time{})
}

// read answers and counts until the connection ends. event, if not nil, is told of each
// event.
func (c *client) read(event func(message []byte, at time.Time)) {
	defer close(c.ended)
	defer func() { _ = c.conn.Close() }()
	frames := counter{text: c.says.kind}
	events := int64(0)
	isJoined := false
	found := func(kind frameKind) {
		switch kind {
		case eventFrame:
			events++
			if event != nil {
				event(frames.payload, time.Now())
			}
		case joinedFrame:
			if !isJoined {
				isJoined = true
				close(c.joined)
			}
		case fatalFrame:
			c.err = fmt.Errorf("the server says: %s", frames.fatal)
		case openFrame, connectedFrame, pingFrame:
			_, _ = c.conn.Write(c.says.answers[kind]) // the next read tells
		case otherFrame:
		}
	}
	buffer := make([]byte, readSize)
	for n := copy(buffer, c.first); ; {
		frames.feed(buffer[:n], found)
		c.bytes.Add(int64(n))
		c.events.Store(events)
		if c.err != nil {
			return
		}
		var err error
		if n, err = c.conn.Read(buffer); err != nil {
			c.err = fmt.Errorf("the connection broke: %w", err)
			return
		}
	}
}

// problem is why the client has ended.
func (c *client) problem() error {
	<-c.ended
	return fmt.Errorf("a client was cut off: %w", c.err)
}
