package fanout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/child"
)

const (
	// handshakes is how many clients connect at once.
	handshakes = 32
	// joinTime bounds the handshake and the join of one client.
	joinTime = 60 * time.Second
	// look is how often the clients' counts are summed.
	look = 2 * time.Millisecond
)

// Load is the service that holds the clients. They are in groups: the joined
// clients of each tenant, or bare connections.
type Load struct {
	mu     sync.Mutex
	groups []*group
}

// group is clients that receive the same events.
type group struct {
	name    string
	clients []*client
	running sync.WaitGroup
}

// JoinArgs says what a group is to connect to.
type JoinArgs struct {
	// Address of the server, host:port.
	Address string
	// Wire is Native or SocketIO; empty means bare connections.
	Wire string
	// Tenant to join with the token.
	Tenant, Token string
	Clients       int
}

// Join connects a group and answers its number once everybody has joined.
func (l *Load) Join(args JoinArgs, number *int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := args.Clients
	for _, g := range l.groups {
		total += len(g.clients)
	}
	if err := NeedFiles(total); err != nil {
		return err
	}
	says, err := newDialect(args)
	if err != nil {
		return err
	}
	g := &group{name: cmp.Or(args.Tenant, "bare")}
	l.groups = append(l.groups, g)
	*number = len(l.groups) - 1
	first, available := total-args.Clients, ports()
	var connecting errgroup.Group
	connecting.SetLimit(handshakes)
	g.clients = make([]*client, args.Clients)
	for i := range g.clients {
		connecting.Go(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), joinTime)
			defer cancel()
			c, err := dial(ctx, args.Address, says, source(first+i, available))
			if err != nil {
				return fmt.Errorf("client %d: %w", first+i+1, explainDial(err, total))
			}
			// Heartbeats come while others still connect.
			g.clients[i] = c
			g.running.Go(c.read)
			return nil
		})
	}
	if err := connecting.Wait(); err != nil {
		g.close()
		return err
	}
	return g.joined()
}

// joined waits until every client is told that it has joined.
func (g *group) joined() error {
	deadline := time.Now().Add(joinTime)
	for _, c := range g.clients {
		select {
		case <-c.joined:
		case <-c.ended:
			return c.problem()
		case <-time.After(time.Until(deadline)):
			return fmt.Errorf("a client of %s has not joined within %s", g.name, joinTime)
		}
	}
	return nil
}

func (g *group) close() {
	for _, c := range g.clients {
		if c != nil {
			_ = c.conn.Close() // the reader tells
		}
	}
	g.running.Wait()
}

// AwaitArgs says what the groups are to have received since they joined.
type AwaitArgs struct {
	// Groups maps the number of a group to the events of each of its clients.
	Groups map[int]int64
	// Timeout is how long nothing may arrive.
	Timeout time.Duration
}

// Received is what the clients of the awaited groups have.
type Received struct{ Events, Bytes int64 }

// Await waits until every client has what it is to have. It is an error if
// nothing arrives any more, if a client has more, or if one was cut off.
func (l *Load) Await(args AwaitArgs, r *Received) error {
	last, moved := int64(-1), time.Now()
	for {
		got, done, err := l.compare(args.Groups)
		*r = got
		switch {
		case err != nil || done:
			return err
		case got.Events != last:
			last, moved = got.Events, time.Now()
		case time.Since(moved) > args.Timeout:
			return fmt.Errorf("nothing has arrived for %s: %w", args.Timeout, l.missing(args.Groups))
		}
		time.Sleep(look)
	}
}

// compare sums what has arrived.
func (l *Load) compare(groups map[int]int64) (r Received, done bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	done = true
	for n, want := range groups {
		for i, c := range l.groups[n].clients {
			events := c.events.Load()
			r.Events += events
			r.Bytes += c.bytes.Load()
			done = done && events == want
			if events > want {
				return r, false, fmt.Errorf("client %d of %s has received %d events; %d were sent", i+1, l.groups[n].name, events, want)
			}
			select {
			case <-c.ended:
				return r, false, c.problem()
			default:
			}
		}
	}
	return r, done, nil
}

// missing names who lacks what.
func (l *Load) missing(groups map[int]int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []error
	for n, want := range groups {
		behind, least := 0, want
		for _, c := range l.groups[n].clients {
			if events := c.events.Load(); events < want {
				behind, least = behind+1, min(least, events)
			}
		}
		if behind > 0 {
			all = append(all, fmt.Errorf("%d of %d clients of %s lack events, one has %d of %d", behind, len(l.groups[n].clients), l.groups[n].name, least, want))
		}
	}
	return errors.Join(all...)
}

// Leave closes all clients.
func (l *Load) Leave(child.Nothing, *child.Nothing) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.groups {
		g.close()
	}
	l.groups = nil
	return nil
}
