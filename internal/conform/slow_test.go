package conform_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"

	"rowcast/internal/servetest"
)

// gate makes connections that are not read from while it is locked. They have
// a small buffer, so that this is soon felt.
type gate struct{ sync.RWMutex }

func (g *gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		controlErr := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10)
		})
		if controlErr != nil {
			return controlErr
		}
		return err
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &gated{conn, g}, nil
}

type gated struct {
	net.Conn
	gate *gate
}

func (c *gated) Read(b []byte) (int, error) {
	c.gate.RLock()
	c.gate.RUnlock() //nolint:staticcheck // whoever gets here may read
	return c.Conn.Read(b)
}

// TestSlowConsumer floods two clients, one of which does not read.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	// Far more than the kernel keeps for a client and a client may be behind.
	const transactions, rows, size = 25, 50, 8 << 10
	s := newSite(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		server := l.site.serve(t, l.wire)
		reading := new(gate)
		slow := l.join(t, server, func(q *request) { q.network = reading.dial })
		quick := l.join(t, server)
		reading.Lock()
		open := sync.OnceFunc(reading.Unlock)
		t.Cleanup(open)
		over := make(chan error, 1)
		go func() {
			for {
				m, err := slow.next()
				if err != nil {
					over <- err
					return
				}
				slow.note(m)
			}
		}()
		written := make(chan struct{})
		go func() {
			defer close(written)
			insert := fmt.Sprintf(`insert into orders (tenant_id, customer) select $1, repeat('x', %d) from generate_series(1, %d)`, size, rows)
			for range transactions {
				if _, err := s.db.Exec(t.Context(), insert, l.tenant); err != nil {
					t.Error(err)
				}
			}
		}()
		defer func() { <-written }()
		// It has everything while the other has not.
		for i, m := range quick.events(t, transactions*rows) {
			if m.Position != int64(i+1) {
				t.Fatalf("the quick client received %s after %d", m, i)
			}
		}
		servetest.Eventually(t, "slow client that is given up", func() bool { return server.Status(t).Hub.Subscriptions == 1 })
		open()
		err := <-over
		if e, ok := errors.AsType[*ended](err); !ok || e.code != "slow-consumer" && !l.mute {
			t.Fatalf("the slow client ends with %v; want slow-consumer", err)
		}
		if n := server.Status(t).Hub.Closes["slow-consumer"]; n != 1 {
			t.Errorf("the server has ended %d slow clients", n)
		}
		if slow.position >= transactions*rows {
			t.Fatalf("the slow client was not slow: it is at %d", slow.position)
		}
		back := l.join(t, server, from(slow.cursor))
		for position := slow.position + 1; position <= transactions*rows; position++ {
			if m := back.events(t, 1)[0]; m.Position != position {
				t.Fatalf("the slow client received %s when it was back; want position %d", m, position)
			}
		}
		l.exec(t, insertOrder)
		back.receives(t, fmt.Sprintf("order:created@%d", transactions*rows+1))
	})
}
