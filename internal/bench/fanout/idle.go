package fanout

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/load"
)

// firstConnections are made before memory is compared, so that what a process
// needs once is not counted.
const firstConnections = 100

// Idle is what silent connections cost.
type Idle struct {
	// Name is that of the server.
	Name        string
	Connections int
	// RSS is in bytes a connection, as the system counts, or unknown; Collected after the
	// server has collected its garbage and returned the memory; Heap and
	// Stacks are what is in use then.
	RSS, Collected, Heap, Stacks float64
}

// MeasureIdle joins connections that nothing is sent to, to a server that had none.
// settle is how long it is left alone before it is measured.
func MeasureIdle(ctx context.Context, s *Side, j load.Join, settle time.Duration) (Idle, error) {
	var clients load.Load
	defer clients.Leave()
	all := j.Clients
	j.Clients = firstConnections
	if err := clients.Join(j); err != nil {
		return Idle{}, fmt.Errorf("connect the first idle clients: %w", err)
	}
	_, empty, err := settled(ctx, s.Process, settle)
	if err != nil {
		return Idle{}, err
	}
	j.Clients = all
	if err := clients.Join(j); err != nil {
		return Idle{}, fmt.Errorf("connect %d idle clients: %w", all, err)
	}
	asIs, collected, err := settled(ctx, s.Process, settle)
	if err != nil {
		return Idle{}, err
	}
	per := func(with, without int64) float64 {
		if with == 0 {
			return bench.Unknown()
		}
		return float64(with-without) / float64(all)
	}
	return Idle{
		Name: s.Name, Connections: all, RSS: per(asIs.RSS, empty.RSS), Collected: per(collected.RSS, empty.RSS),
		Heap: per(collected.Heap, empty.Heap), Stacks: per(collected.Stacks, empty.Stacks),
	}, nil
}

// settled is what the server uses after a pause, as it is and collected.
func settled(ctx context.Context, c *child.Child, settle time.Duration) (asIs, collected child.Usage, err error) {
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return asIs, collected, ctx.Err()
	}
	if asIs, err = c.Usage(ctx); err != nil {
		return asIs, collected, err
	}
	if err = c.Call(ctx, "Process.Collect", child.Nothing{}, &child.Nothing{}); err != nil {
		return asIs, collected, err
	}
	collected, err = c.Usage(ctx)
	return asIs, collected, err
}
