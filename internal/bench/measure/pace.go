package measure

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Pace is an open loop of a number of intended times, evenly spaced from its start on.
type Pace struct {
	Start time.Time
	// Rate is in times a second.
	Rate  float64
	Count int64
}

// At is the n-th intended time, from 0.
func (p Pace) At(n int64) time.Time {
	return p.Start.Add(time.Duration(float64(n) / p.Rate * float64(time.Second)))
}

// Each has workers side by side do what is due: each number is given once, when its
// time has come, or at once if that is past. late is how long after its time the work
// began at most. It ends at the first error, or with ctx.
func (p Pace) Each(ctx context.Context, workers int, do func(ctx context.Context, worker int, n int64, due time.Time) error) (late time.Duration, err error) {
	var given, latest atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for worker := range workers {
		group.Go(func() error {
			for {
				n := given.Add(1) - 1
				if n >= p.Count {
					return nil
				}
				due := p.At(n)
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case <-time.After(time.Until(due)):
				}
				behind := int64(time.Since(due))
				for was := latest.Load(); behind > was && !latest.CompareAndSwap(was, behind); was = latest.Load() {
				}
				if err := do(ctx, worker, n, due); err != nil {
					return err
				}
			}
		})
	}
	err = group.Wait()
	return time.Duration(latest.Load()), err
}

// Await asks again and again how much is left, until nothing is, or ctx ends. It is an
// error, with the state in words, if nothing changes for a while.
func Await(ctx context.Context, again, timeout time.Duration, ask func() (left int64, state string, err error)) error {
	for last, moved := int64(-1), time.Now(); ; {
		left, state, err := ask()
		switch {
		case err != nil || left == 0:
			return err
		case left != last:
			last, moved = left, time.Now()
		case time.Since(moved) >= timeout:
			return fmt.Errorf("nothing has arrived for %s: %s", timeout, state)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(again):
		}
	}
}
