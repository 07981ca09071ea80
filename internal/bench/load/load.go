package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/measure"
)

const (
	// handshakes is how many clients connect at once.
	handshakes = 32
	// joinTime bounds the handshake and the join of one client.
	joinTime = 60 * time.Second
	// look is how often the clients' counts are summed.
	look = 2 * time.Millisecond
)

// Load is clients that receive the same events.
type Load struct {
	// Event, if not nil, is called for each event: the beginning of its message, which
	// is only good for the call, and when it came.
	Event func(message []byte, at time.Time)
	// Broken, if not nil, is called when a client has ended.
	Broken func(err error)

	clients []*client
	running sync.WaitGroup
}

// Join says what clients connect to.
type Join struct {
	// Address of the server, host:port.
	Address string
	// Tenant to join with the token; none means bare connections.
	Tenant, Token string
	Clients       int
}

// Join connects more clients, and returns once everybody has joined.
func (l *Load) Join(j Join) error {
	if err := NeedFiles(len(l.clients) + j.Clients); err != nil {
		return err
	}
	first := len(l.clients)
	l.clients = append(l.clients, make([]*client, j.Clients)...)
	var connecting errgroup.Group
	connecting.SetLimit(handshakes)
	for i := first; i < len(l.clients); i++ {
		connecting.Go(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), joinTime)
			defer cancel()
			c, err := dial(ctx, j)
			if errors.Is(err, syscall.EADDRNOTAVAIL) {
				err = fmt.Errorf(`too few ports; raise them with: sysctl -w net.ipv4.ip_local_port_range="1024 65535": %w`, err)
			}
			if err != nil {
				return fmt.Errorf("client %d: %w", i+1, err)
			}
			// Heartbeats come while others still connect.
			l.clients[i] = c
			l.running.Go(func() {
				c.read(l.Event)
				if l.Broken != nil {
					l.Broken(c.problem())
				}
			})
			select {
			case <-c.joined:
				return nil
			case <-c.ended:
				return c.problem()
			case <-ctx.Done():
				return fmt.Errorf("client %d has not joined within %s", i+1, joinTime)
			}
		})
	}
	err := connecting.Wait()
	if err != nil {
		l.Leave()
	}
	return err
}

// Leave closes all clients.
func (l *Load) Leave() {
	for _, c := range l.clients {
		if c != nil {
			_ = c.conn.Close() // the reader reports it
		}
	}
	l.running.Wait()
	l.clients = nil
}

// Await waits until every client has received so many events since it joined, and
// returns what all have. It is an error if nothing arrives any more, if a client has
// more, or if one was cut off.
func (l *Load) Await(ctx context.Context, want int64, timeout time.Duration) (events, bytes int64, err error) {
	err = measure.Await(ctx, look, timeout, func() (left int64, state string, err error) {
		behind, least := 0, want
		events, bytes = 0, 0
		for i, c := range l.clients {
			n := c.events.Load()
			events, bytes = events+n, bytes+c.bytes.Load()
			if n > want {
				return 0, "", fmt.Errorf("client %d has received %d events; %d were sent", i+1, n, want)
			}
			if n < want {
				behind, least = behind+1, min(least, n)
			}
			select {
			case <-c.ended:
				return 0, "", c.problem()
			default:
			}
		}
		left = want*int64(len(l.clients)) - events
		return left, fmt.Sprintf("%d of %d clients lack events, one has %d of %d", behind, len(l.clients), least, want), nil
	})
	return events, bytes, err
}

// NeedFiles makes sure that this process may have so many connections. Go has raised the
// limit as far as it may.
func NeedFiles(connections int) error {
	const spare = 200 // what a process opens beside them
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if need := uint64(connections + spare); limit.Cur < need {
		return fmt.Errorf("too few open files: RLIMIT_NOFILE of each process of the benchmark allows %d and %d are needed; raise it with: "+
			"ulimit -n %[2]d (the hard limit is in /etc/security/limits.conf, or LimitNOFILE= of the systemd unit)", limit.Cur, need)
	}
	return nil
}
