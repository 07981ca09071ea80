package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"rowcast/internal/test/raw"

	"github.com/gorilla/websocket"
)

// native is the WebSocket with the subprotocol rowcast.v1.
type native struct{ *raw.Feed }

func dialNative(ctx context.Context, q request) (conn, message, error) {
	feed, err := raw.DialFeed(ctx, "ws://"+q.address+"/ws", q.token, raw.Options{Network: q.network})
	if err != nil {
		return nil, message{}, err
	}
	c := &native{feed}
	m, err := message{}, c.WriteJSON(struct {
		Type     string          `json:"type"`
		TenantID string          `json:"tenantId"`
		Cursor   string          `json:"cursor"`
		Events   []string        `json:"events"`
		Where    json.RawMessage `json:"where,omitempty"`
	}{"join-tenant", q.tenant, q.cursor, q.events, q.where})
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
		body, err := c.Next()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return message{}, farewell(closed)
		}
		if err != nil {
			return message{}, err
		}
		if m, err := decode(body); !errors.Is(err, errPassed) {
			return m, err
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

func (c *native) cut() { raw.Reset(c.NetConn()) }
