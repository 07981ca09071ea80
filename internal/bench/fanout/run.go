package fanout

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench/child"
)

// Publisher is where changes go in.
type Publisher interface {
	// Publish makes changes; change n is one of tenant n modulo their number.
	Publish(ctx context.Context, c Changes) (Published, error)
	// Usage is what the process of the server uses.
	Usage(ctx context.Context) (child.Usage, error)
}

// Server is Rowcast, where events come out of the changes.
type Server interface {
	Publisher
	// PublishUnheard makes changes of a tenant that nobody has joined. They
	// are through when those that are published next have arrived.
	PublishUnheard(ctx context.Context, count int) error
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
	// Reference takes turns with the server if it is not nil; clients reach it
	// at ReferenceAddress on the same wire.
	Reference        Publisher
	ReferenceAddress string
	// Load and Bare are processes with the services of these names.
	Load, Bare Caller
	// Joined are the tenants.
	Joined []Tenant
	// Unheard is how many changes nobody is to hear of.
	Unheard int
	// Timeout is how long nothing may arrive before it is an error.
	Timeout time.Duration
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
	block := o.Duration / time.Duration(o.Rounds)
	o.Doing("warming up")
	for i, s := range r.sides {
		warm, err := r.measure(ctx, s, min(warmUp, block))
		if err != nil {
			return nil, err
		}
		if i == 0 { // the first events say how large a frame is
			r.frame = int(warm.Bytes / max(1, warm.Deliveries))
		}
	}
	o.Doing("measuring")
	for n := range o.Rounds {
		for i := range r.sides {
			s := r.sides[(n+i)%len(r.sides)]
			b, err := r.measure(ctx, s, block)
			if err != nil {
				return nil, err
			}
			s.blocks = append(s.blocks, b)
		}
		o.Step()
	}
	result := &Result{Server: r.server.blocks, Reference: r.reference.blocks, Bare: r.bare.blocks}
	o.Doing("publishing to nobody")
	var err error
	if result.Unheard, err = r.unheard(ctx); err != nil {
		return nil, err
	}
	return result, o.Load.Call(ctx, "Load.Leave", child.Nothing{}, &child.Nothing{})
}

type run struct {
	Options
	server, reference, bare side
	// sides are those that take part, the server first.
	sides []*side
	// sizes are the numbers of clients, by tenant.
	sizes []int
	frame int
}

// side is a server or the bare writer, with the clients that belong to it.
type side struct {
	name string
	// address and wire are those of its clients; the bare writer has no wire.
	address, wire string
	// groups are the numbers of the groups, by tenant.
	groups []int
	// sent counts the changes, and by tenant; bytes is what has arrived.
	count int64
	sent  []int64
	bytes int64
	// burst is how many changes are made at once, if not paced.
	burst  int64
	blocks []Block

	publish func(ctx context.Context, c Changes) (Published, error)
	usage   func(ctx context.Context) (child.Usage, error)
}

func (r *run) connect(ctx context.Context) error {
	r.server = side{name: "Rowcast", address: r.Address, wire: r.Wire, publish: r.Server.Publish, usage: r.Server.Usage, burst: r.Burst}
	r.bare = side{name: "the bare writer", publish: r.write, usage: r.Bare.Usage, burst: min(r.Burst, bareBurst)}
	if err := r.Bare.Call(ctx, "Bare.Listen", r.Clients, &r.bare.address); err != nil {
		return err
	}
	r.sides = []*side{&r.server, &r.bare}
	if r.Reference != nil {
		r.reference = side{
			name: "the reference", address: r.ReferenceAddress, wire: r.Wire,
			publish: r.Reference.Publish, usage: r.Reference.Usage, burst: r.Burst,
		}
		r.sides = []*side{&r.server, &r.reference, &r.bare}
	}
	for i, t := range r.Joined {
		size := r.Clients / len(r.Joined)
		if i < r.Clients%len(r.Joined) {
			size++
		}
		r.sizes = append(r.sizes, size)
		for _, s := range r.sides {
			var number int
			args := JoinArgs{Address: s.address, Clients: size}
			if s.wire != "" {
				args.Wire, args.Tenant, args.Token = s.wire, t.ID, t.Token
			}
			if err := r.Load.Call(ctx, "Load.Join", args, &number); err != nil {
				return fmt.Errorf("connect %d clients to %s at %s: %w", size, s.name, s.address, err)
			}
			s.groups, s.sent = append(s.groups, number), append(s.sent, 0)
		}
	}
	return nil
}

// write has the bare writer do what the server does for these changes.
func (r *run) write(ctx context.Context, c Changes) (p Published, err error) {
	err = r.Bare.Call(ctx, "Bare.Write", WriteArgs{Bytes: r.frame, Sizes: r.sizes, Load: c}, &p)
	return p, err
}
