package fanout

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
)

// firstConnections are made before memory is compared, so that what a process
// needs once is not counted.
const firstConnections = 100

// IdleOptions says which connections to hold.
type IdleOptions struct {
	// Server is a process that had no clients yet.
	Server Caller
	// Address of the server, for clients that speak Wire.
	Address, Wire string
	// Load has the service of this name.
	Load        Caller
	Tenants     []Tenant
	Connections int
	// Settle is how long the server is left alone before it is measured.
	Settle time.Duration
}

// Idle is what silent connections cost.
type Idle struct {
	Connections int
	// RSS is in bytes a connection, as the system counts, or unknown; Collected after the
	// server has collected its garbage and returned the memory; Heap and
	// Stacks are what is in use then.
	RSS, Collected, Heap, Stacks float64
}

// MeasureIdle joins connections that nothing is sent to.
func MeasureIdle(ctx context.Context, o IdleOptions) (Idle, error) {
	if err := o.join(ctx, firstConnections); err != nil {
		return Idle{}, err
	}
	_, empty, err := o.settled(ctx)
	if err != nil {
		return Idle{}, err
	}
	if err := o.join(ctx, o.Connections); err != nil {
		return Idle{}, err
	}
	asIs, collected, err := o.settled(ctx)
	if err != nil {
		return Idle{}, err
	}
	per := func(with, without int64) float64 {
		if with == 0 {
			return bench.Unknown()
		}
		return float64(with-without) / float64(o.Connections)
	}
	idle := Idle{
		Connections: o.Connections, RSS: per(asIs.RSS, empty.RSS), Collected: per(collected.RSS, empty.RSS),
		Heap: per(collected.Heap, empty.Heap), Stacks: per(collected.Stacks, empty.Stacks),
	}
	return idle, o.Load.Call(ctx, "Load.Leave", child.Nothing{}, &child.Nothing{})
}

// join connects clients, spread over the tenants.
func (o *IdleOptions) join(ctx context.Context, clients int) error {
	for i, t := range o.Tenants {
		size := clients / len(o.Tenants)
		if i < clients%len(o.Tenants) {
			size++
		}
		args := JoinArgs{Address: o.Address, Wire: o.Wire, Tenant: t.ID, Token: t.Token, Clients: size}
		if err := o.Load.Call(ctx, "Load.Join", args, new(int)); err != nil {
			return fmt.Errorf("connect %d idle clients: %w", size, err)
		}
	}
	return nil
}

// settled is what the server uses after a pause, as it is and collected.
func (o *IdleOptions) settled(ctx context.Context) (asIs, collected child.Usage, err error) {
	select {
	case <-time.After(o.Settle):
	case <-ctx.Done():
		return asIs, collected, ctx.Err()
	}
	if asIs, err = o.Server.Usage(ctx); err != nil {
		return asIs, collected, err
	}
	if err = o.Server.Call(ctx, "Process.Collect", child.Nothing{}, &child.Nothing{}); err != nil {
		return asIs, collected, err
	}
	collected, err = o.Server.Usage(ctx)
	return asIs, collected, err
}
