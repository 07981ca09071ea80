package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/measure"
)

// Changes is a number of changes to make.
type Changes struct {
	Count int64
	// Rate is in changes a second, one at a time on a fixed schedule; 0 makes
	// all at once.
	Rate float64
}

// Each calls do for each change when it is due, or once for all. late is the furthest
// behind its schedule that a change was made.
func (c Changes) Each(ctx context.Context, do func(count int64) error) (late time.Duration, err error) {
	if c.Rate == 0 {
		return 0, do(c.Count)
	}
	schedule := measure.NewSchedule(time.Now(), c.Rate)
	for range c.Count {
		due, err := schedule.Next(ctx)
		if err != nil {
			return late, err
		}
		late = max(late, time.Since(due))
		if err := do(1); err != nil {
			return late, err
		}
	}
	return late, nil
}

// Side is a server that takes turns.
type Side struct {
	Name    string
	Process *child.Child
	// Address is for its clients, which speak Wire; bare connections speak none.
	Address, Wire string
	// Publish makes changes, and tells how late they were.
	Publish func(ctx context.Context, c Changes) (late time.Duration, err error)
	// Burst is how many changes are made at once, if not paced.
	Burst int64
	// Blocks are what was measured, one a round.
	Blocks []Block

	clients load.Load
	// sent counts the changes, bytes is what has arrived.
	sent, bytes int64
}

// Block is one side measured for a while.
type Block struct {
	// Changes were made; Deliveries counts each once for each client, Bytes what the
	// clients received, headers of frames included.
	Changes, Deliveries, Bytes int64
	// Elapsed is the time from the first change until everybody had
	// everything; Late how far a change was behind its schedule at most, or the
	// last delivery.
	Elapsed, Late time.Duration
	// CPU and Mallocs are those of the process of the side.
	CPU     time.Duration
	Mallocs int64
}

// Total adds the blocks up; Late is that of the worst.
func (s *Side) Total() (all Block) {
	for _, b := range s.Blocks {
		all.Changes += b.Changes
		all.Deliveries += b.Deliveries
		all.Bytes += b.Bytes
		all.Elapsed += b.Elapsed
		all.Late = max(all.Late, b.Late)
		all.CPU += b.CPU
		all.Mallocs += b.Mallocs
	}
	return all
}

// CPUPerDelivery is in microseconds.
func (b Block) CPUPerDelivery() float64 {
	return float64(b.CPU) / float64(time.Microsecond) / float64(b.Deliveries)
}

// PerSecond is the deliveries a second.
func (b Block) PerSecond() float64 { return float64(b.Deliveries) / b.Elapsed.Seconds() }

// Options says what to measure, and with what.
type Options struct {
	Settings
	// Sides are Rowcast, the reference if it takes part, and the bare writer, which
	// Run makes a Side of.
	Sides []*Side
	// Bare is the process of the bare writer.
	Bare *child.Child
	// Tenant is the one that clients join, with Token.
	Tenant, Token string
	// Patience is how long nothing may arrive before it is an error.
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

// Run measures, and returns all sides with their blocks.
func Run(ctx context.Context, o Options) ([]*Side, error) {
	frame := 0
	bare := &Side{Name: "bare write(2)", Process: o.Bare, Burst: min(o.Burst, bareBurst)}
	bare.Publish = func(ctx context.Context, c Changes) (late time.Duration, err error) {
		return late, o.Bare.Call(ctx, "Bare.Write", WriteArgs{Bytes: frame, Changes: c}, &late)
	}
	if err := o.Bare.Call(ctx, "Bare.Listen", o.Clients, &bare.Address); err != nil {
		return nil, err
	}
	sides := append(o.Sides, bare)
	o.Doing("connecting")
	defer func() {
		for _, s := range sides {
			s.clients.Leave()
		}
	}()
	for i, s := range sides {
		join := load.Join{Address: s.Address, Wire: s.Wire, Tenant: o.Tenant, Token: o.Token, Clients: o.Clients, Others: i * o.Clients}
		if err := s.clients.Join(join); err != nil {
			return nil, fmt.Errorf("connect %d clients to %s at %s: %w", o.Clients, s.Name, s.Address, err)
		}
	}
	block := o.Duration / time.Duration(o.Rounds)
	o.Doing("warming up")
	for i, s := range sides {
		warm, err := o.measure(ctx, s, min(warmUp, block))
		if err != nil {
			return nil, err
		}
		if i == 0 { // the first events say how large a frame is
			frame = int(warm.Bytes / max(1, warm.Deliveries))
		}
	}
	o.Doing("measuring")
	for n := range o.Rounds {
		for i := range sides {
			s := sides[(n+i)%len(sides)]
			b, err := o.measure(ctx, s, block)
			if err != nil {
				return nil, err
			}
			s.Blocks = append(s.Blocks, b)
		}
		o.Step()
	}
	return sides, nil
}

// errUncounted means that the clients have more than was sent to them.
var errUncounted = errors.New("the clients received another number of events than were sent")

// measure runs one side for about d and waits until everything has arrived.
func (o *Options) measure(ctx context.Context, s *Side, d time.Duration) (b Block, err error) {
	before, err := s.Process.Usage(ctx)
	if err != nil {
		return b, err
	}
	begin := time.Now()
	for first := true; first || o.Mode == Burst && time.Since(begin) < d; first = false {
		changes := Changes{Count: s.Burst}
		if o.Mode == Paced {
			changes = Changes{Count: max(1, int64(d.Seconds()*o.Rate)), Rate: o.Rate}
		}
		if err := o.push(ctx, s, changes, &b); err != nil {
			return b, err
		}
	}
	b.Elapsed = time.Since(begin)
	if o.Mode == Paced {
		// Who is told late is late as well.
		due := time.Duration(float64(b.Changes-1) / o.Rate * float64(time.Second))
		b.Late = max(b.Late, b.Elapsed-due)
	}
	after, err := s.Process.Usage(ctx)
	b.CPU, b.Mallocs = after.CPU-before.CPU, after.Mallocs-before.Mallocs
	return b, err
}

// push makes changes, waits until everybody has them and adds them up.
func (o *Options) push(ctx context.Context, s *Side, c Changes, b *Block) error {
	late, err := s.Publish(ctx, c)
	if err != nil {
		return fmt.Errorf("make %d changes for %s: %w", c.Count, s.Name, err)
	}
	s.sent += c.Count
	events, bytes, err := s.clients.Await(ctx, s.sent, o.Timeout)
	switch wanted := s.sent * int64(o.Clients); {
	case err != nil:
		return fmt.Errorf("await %d changes of %s: %w", c.Count, s.Name, err)
	case events != wanted:
		return fmt.Errorf("%w: %d instead of %d", errUncounted, events, wanted)
	}
	b.Changes += c.Count
	b.Deliveries += c.Count * int64(o.Clients)
	b.Bytes += bytes - s.bytes
	b.Late = max(b.Late, late)
	s.bytes = bytes
	return nil
}
