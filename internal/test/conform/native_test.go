package conform_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/test/servetest"
)

// native is the WebSocket with the subprotocol rowcast.v1.
type native struct{ conn *websocket.Conn }

func dialNative(ctx context.Context, q request) (conn, message, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"rowcast.v1"}, NetDialContext: q.network}
	if q.token != "" {
		dialer.Subprotocols = append(dialer.Subprotocols, "bearer."+q.token)
	}
	ws, response, err := dialer.DialContext(ctx, "ws://"+q.address+"/ws", nil)
	if err != nil {
		return nil, message{}, fmt.Errorf("dial: %w", err)
	}
	_ = response.Body.Close()
	c := &native{ws}
	join := map[string]any{"type": "join-tenant", "tenantId": q.tenant}
	if q.cursor != "" {
		join["cursor"] = q.cursor
	}
	if q.events != nil {
		join["events"] = q.events
	}
	m, err := message{}, ws.WriteJSON(join)
	for err == nil && m.Type != "joined" {
		m, err = c.next()
	}
	if err != nil {
		c.cut()
	}
	return c, m, err
}

func (c *native) next() (message, error) {
	for {
		if err := c.conn.SetReadDeadline(time.Now().Add(servetest.Timeout)); err != nil {
			return message{}, err
		}
		_, body, err := c.conn.ReadMessage()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return message{}, farewell(closed)
		}
		if err != nil {
			return message{}, err
		}
		m, err := decode(body)
		if m.Type == "ping" {
			err = c.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`))
		} else if errors.Is(err, errPassed) {
			continue
		} else if err == nil {
			return m, nil
		}
		if err != nil {
			return message{}, err
		}
	}
}

// farewell is what a close frame says.
func farewell(closed *websocket.CloseError) error {
	code, detail, _ := strings.Cut(closed.Text, ";")
	switch {
	case closed.Code < 4000:
		return closed
	case closed.Code >= 4500:
		return &refusal{code}
	}
	e := &ended{code: code}
	if _, hint, ok := strings.Cut(detail, "retry="); ok {
		var err error
		if e.hint, err = time.ParseDuration(hint); err != nil {
			return err
		}
	}
	return e
}

func (c *native) cut() { reset(c.conn.NetConn()) }

// reset closes a connection with a reset, whatever is still on its way.
func reset(conn net.Conn) {
	if g, ok := conn.(*gated); ok {
		conn = g.Conn
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
