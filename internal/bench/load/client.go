package load

import (
	"bufio"
	"context"
	"errors"
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
	in            *bufio.Reader
	join          []byte // the frame that joins the tenant
	events, bytes atomic.Int64
	// joined and ended are closed when that happens; err says why it ended.
	joined, ended chan struct{}
	err           error
}

// dial connects and shakes hands; a bare connection does not.
func dial(ctx context.Context, j Join) (*client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", j.Address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, in: bufio.NewReaderSize(conn, readSize), joined: make(chan struct{}), ended: make(chan struct{})}
	c.join = appendText(nil, fmt.Sprintf(`{"type":"join-tenant","tenantId":%q}`, j.Tenant))
	if j.Tenant == "" {
		close(c.joined)
	} else if err := c.shakeHands(ctx, j); err != nil {
		return nil, errors.Join(fmt.Errorf("shake hands: %w", err), conn.Close())
	}
	return c, nil
}

func (c *client) shakeHands(ctx context.Context, j Join) error {
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+j.Address+"/ws", nil)
	if err != nil {
		return err
	}
	request.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		"Sec-Websocket-Protocol": {"rowcast.v1"}, "Authorization": {"Bearer " + j.Token},
	}
	if err := request.Write(c.conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.in, request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(response.Body, readSize))
		return fmt.Errorf("refused with %s: %s", response.Status, body)
	}
	return nil
}

// read answers and counts until the connection ends. event, if not nil, is called for
// each event.
func (c *client) read(event func(message []byte, at time.Time)) {
	defer close(c.ended)
	defer func() { _ = c.conn.Close() }()
	isJoined := false
	c.err = frames(c.in, func(begin []byte, size int) error {
		c.bytes.Add(int64(size)) // before the event counts
		switch kindOf(begin) {
		case "event":
			if event != nil {
				event(begin, time.Now())
			}
			c.events.Add(1)
		case "joined":
			if !isJoined {
				isJoined = true
				close(c.joined)
			}
		case "error", "reset":
			return fmt.Errorf("the server says: %s", begin)
		case "welcome":
			_, _ = c.conn.Write(c.join) // the next read reports it
		case "ping":
			_, _ = c.conn.Write(appendText(nil, `{"type":"pong"}`))
		}
		return nil
	})
}

// problem is why the client has ended.
func (c *client) problem() error {
	<-c.ended
	return fmt.Errorf("a client was cut off: %w", c.err)
}
