package raw

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Timeout bounds every wait; it decides nothing but when to give up.
const Timeout = time.Minute

// DialFunc makes a connection.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// Feed is a client of the WebSocket of Rowcast. One goroutine reads.
type Feed struct{ *websocket.Conn }

// Options are what most clients leave alone.
type Options struct {
	Header  http.Header
	Network DialFunc
}

// DialFeed connects, with a token if it is not empty.
func DialFeed(ctx context.Context, url, token string, o Options) (*Feed, error) {
	if o.Network == nil {
		o.Network = new(net.Dialer).DialContext // and no proxy of the environment
	}
	dialer := websocket.Dialer{Subprotocols: []string{"rowcast.v1"}, NetDialContext: o.Network}
	if token != "" {
		dialer.Subprotocols = append(dialer.Subprotocols, "bearer."+token)
	}
	conn, response, err := dialer.DialContext(ctx, url, o.Header)
	switch {
	case response != nil && err != nil:
		body, _ := io.ReadAll(response.Body)
		return nil, fmt.Errorf("dial %s: %w: %s %s", url, err, response.Status, body)
	case err != nil:
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	_ = response.Body.Close()
	return &Feed{conn}, nil
}

// Join asks to join a tenant, from a cursor and with these events if they are given.
func (f *Feed) Join(tenant, cursor string, events []string) error {
	join := map[string]any{"type": "join-tenant", "tenantId": tenant}
	if cursor != "" {
		join["cursor"] = cursor
	}
	if events != nil {
		join["events"] = events
	}
	return f.WriteJSON(join)
}

// Next returns the next message that is no ping, and answers those.
func (f *Feed) Next() ([]byte, error) {
	for {
		if err := f.SetReadDeadline(time.Now().Add(Timeout)); err != nil {
			return nil, err
		}
		_, body, err := f.ReadMessage()
		if err != nil {
			return nil, err
		}
		if !isPing(body) {
			return body, nil
		}
		if err := f.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)); err != nil {
			return nil, err
		}
	}
}

func isPing(body []byte) bool {
	var m struct{ Type string }
	return json.Unmarshal(body, &m) == nil && m.Type == "ping"
}
