package fanout

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench/child"
)

// Server is where changes go in and events come out.
type Server interface {
	// Publish makes changes; change n is one of tenant n modulo their number.
	Publish(ctx context.Context, c Changes) (Published, error)
	// PublishUnheard makes changes of a tenant that nobody has joined. They
	// are through when those that are published next have arrived.
	PublishUnheard(ctx context.Context, count int) error
	// Usage is what the process of the server uses.
	Usage(ctx context.Context) (child.Usage, error)
	// Events is how many events were encoded so far.
	Events(ctx context.Context) (int64, error)
}

// Caller calls the services of another process.
type Caller interface {
	Call(ctx context.Context, method string, args, reply any) error
	Usage(ctx context.Context) (child.Usage, error)
}

// Tenant is one that clients join, with a token for it.
type Tenant struct{ ID, Token string }

// Options says what to measure, and with what.
type Options struct {
	Settings
	Server Server
	// Address of the server, for clients.
	Address string
	// Load and Bare are processes with the services of these names.
	Load, Bare Caller
	// Joined are the tenants.
	Joined []Tenant
	// Unheard is how many changes nobody is to hear of.
	Unheard int
	// Patience is how long nothing may arrive before it is an error.
	Patience time.Duration
	// Doing is told what comes next, Step that a round is done.
	Doing func(what string)
	Step  func()
}

const (
	// warmUp is how long each side runs before anything is measured.
	warmUp = time.Second
	// bareBurst bounds the bursts of the bare writer, which sends each frame
	// by itself and would take long.
	bareBurst = 50
)

// Run measures.
func Run(ctx context.Context, o Options) (*Result, error) {
	r := &run{Options: o}
	o.Doing("connecting")
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	result := &Result{}
	block := o.Duration / time.Duration(o.Rounds)
	o.Doing("warming up")
	// The first events say how large a frame is.
	warm, err := r.measure(ctx, &r.server, min(warmUp, block))
	if err != nil {
		return nil, err
	}
	r.frame = int(warm.Bytes / max(1, warm.Deliveries))
	if _, err := r.measure(ctx, &r.bare, min(warmUp, block)); err != nil {
		return nil, err
	}
	o.Doing("measuring")
	for n := range o.Rounds {
		server, bare, err := r.round(ctx, block, n%2 == 1)
		if err != nil {
			return nil, err
		}
		result.Server, result.Bare = append(result.Server, server), append(result.Bare, bare)
		o.Step()
	}
	o.Doing("publishing to nobody")
	if result.Unheard, err = r.unheard(ctx); err != nil {
		return nil, err
	}
	if err := o.Load.Call(ctx, "Load.Leave", child.Nothing{}, &child.Nothing{}); err != nil {
		return nil, err
	}
	return result, nil
}

type run struct {
	Options
	server, bare side
	sizes        []int
	frame        int
}

// side is the server or the bare writer, with the clients that belong to it.
type side struct {
	// groups are the numbers of the groups, by tenant.
	groups []int
	// sent counts the changes, and by tenant; bytes is what has arrived.
	count int64
	sent  []int64
	bytes int64
	// burst is how many changes are made at once, if not paced.
	burst int64

	publish func(ctx context.Context, c Changes) (Published, error)
	usage   func(ctx context.Context) (child.Usage, error)
}

func (r *run) connect(ctx context.Context) error {
	var address string
	if err := r.Bare.Call(ctx, "Bare.Listen", r.Clients, &address); err != nil {
		return err
	}
	r.server = side{publish: r.Server.Publish, usage: r.Server.Usage, burst: r.Burst, sent: make([]int64, len(r.Joined))}
	r.bare = side{publish: r.write, usage: r.Bare.Usage, burst: min(r.Burst, bareBurst), sent: make([]int64, len(r.Joined))}
	for i, t := range r.Joined {
		size := r.Clients / len(r.Joined)
		if i < r.Clients%len(r.Joined) {
			size++
		}
		r.sizes = append(r.sizes, size)
		for _, join := range []struct {
			side *side
			args JoinArgs
		}{
			{&r.server, JoinArgs{Address: r.Address, Tenant: t.ID, Token: t.Token, Clients: size}},
			{&r.bare, JoinArgs{Address: address, Clients: size}},
		} {
			var number int
			if err := r.Load.Call(ctx, "Load.Join", join.args, &number); err != nil {
				return fmt.Errorf("connect %d clients to %s: %w", size, join.args.Address, err)
			}
			join.side.groups = append(join.side.groups, number)
		}
	}
	return nil
}

// write has the bare writer do what the server does for these changes.
func (r *run) write(ctx context.Context, c Changes) (p Published, err error) {
	err = r.Bare.Call(ctx, "Bare.Write", WriteArgs{Bytes: r.frame, Sizes: r.sizes, Load: c}, &p)
	return p, err
}

// round measures both sides, one after the other.
func (r *run) round(ctx context.Context, block time.Duration, bareFirst bool) (server, bare Block, err error) {
	if bareFirst {
		if bare, err = r.measure(ctx, &r.bare, block); err != nil {
			return server, bare, err
		}
	}
	if server, err = r.measure(ctx, &r.server, block); err != nil || bareFirst {
		return server, bare, err
	}
	bare, err = r.measure(ctx, &r.bare, block)
	return server, bare, err
}
