package latency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
)

const (
	// maxTenants is how many a connection may join.
	maxTenants = 128
	// joinTime bounds a join.
	joinTime = 30 * time.Second
)

// stamp is what a row carries.
type stamp struct{ ID, Due int64 }

type arriveFunc func(id int64, due time.Duration, at time.Time)

// receivers are the clients of both sides.
type receivers struct {
	// broken gets the first error of a client.
	broken  chan error
	once    sync.Once
	running sync.WaitGroup
	stop    context.CancelFunc
	conns   []*websocket.Conn
}

func (r *receivers) fail(err error) {
	r.once.Do(func() { r.broken <- err })
}

// listen starts the bare client. It is the first of the receivers.
func (r *receivers) listen(ctx context.Context, connect func(context.Context) (*pgx.Conn, error), arrive arriveFunc) error {
	r.broken = make(chan error, 1)
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "listen "+schemaName); err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), conn.Close(ctx))
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.running.Go(func() {
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		for {
			n, err := conn.WaitForNotification(listening)
			at := time.Now()
			var row stamp
			if err == nil {
				err = json.Unmarshal([]byte(n.Payload), &row)
			}
			if err != nil {
				r.fail(fmt.Errorf("the bare client: %w", err))
				return
			}
			arrive(row.ID, time.Duration(row.Due), at)
		}
	})
	return nil
}

// join starts the clients of the server, as many as the tenants need.
func (r *receivers) join(ctx context.Context, url string, tenants []string, mint func([]string) (string, error), arrive arriveFunc) error {
	for some := range slices.Chunk(tenants, maxTenants) {
		token, err := mint(some)
		if err != nil {
			return err
		}
		conn, err := dialFeed(ctx, url, token)
		if err != nil {
			return err
		}
		r.conns = append(r.conns, conn)
		if err := joinAll(conn, some); err != nil {
			return fmt.Errorf("join the tenants of the benchmark: %w", err)
		}
		r.running.Go(func() { r.fail(fmt.Errorf("the WebSocket client: %w", follow(conn, arrive))) })
	}
	return nil
}

func dialFeed(ctx context.Context, url, token string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"rowcast.v1", "bearer." + token}, NetDialContext: new(net.Dialer).DialContext}
	conn, response, err := dialer.DialContext(ctx, url, nil)
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	return conn, nil
}

// message is what the server sends, as far as it matters here.
type message struct {
	Type, Code, Message, Reason string
	Data                        stamp
}

// joinAll returns once every tenant is joined.
func joinAll(conn *websocket.Conn, tenants []string) error {
	if err := conn.SetReadDeadline(time.Now().Add(joinTime)); err != nil {
		return err
	}
	for _, t := range tenants {
		if err := conn.WriteJSON(map[string]string{"type": "join-tenant", "tenantId": t}); err != nil {
			return err
		}
	}
	for joined := 0; joined < len(tenants); {
		m, _, err := read(conn)
		if err != nil {
			return err
		}
		if m.Type == "joined" {
			joined++
		}
	}
	return conn.SetReadDeadline(time.Time{})
}

// read reads a message and when it came. It answers pings.
func read(conn *websocket.Conn) (m message, at time.Time, err error) {
	_, body, err := conn.ReadMessage()
	at = time.Now()
	if err != nil {
		return m, at, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, at, fmt.Errorf("decode %s: %w", body, err)
	}
	switch m.Type {
	case "error", "reset":
		return m, at, fmt.Errorf("the server says %s: %s", m.Type, body)
	case "ping":
		err = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`))
	}
	return m, at, err
}

// follow hands over what arrives until the connection ends.
func follow(conn *websocket.Conn, arrive arriveFunc) error {
	for {
		m, at, err := read(conn)
		if err != nil {
			return err
		}
		if m.Type == "event" {
			arrive(m.Data.ID, time.Duration(m.Data.Due), at)
		}
	}
}

func (r *receivers) close() {
	if r.stop != nil {
		r.stop()
	}
	for _, conn := range r.conns {
		_ = conn.Close()
	}
	r.running.Wait()
}
