package write

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
)

// follower is the reader of one measurement, seen from here. The nil follower
// is that of a table that nobody reads.
type reading struct{ process *child.Child }

// follow starts the reader that the variant needs.
func (r *run) follow(ctx context.Context, v Variant) (*reading, error) {
	if v == None {
		return nil, nil
	}
	process, err := r.o.StartReader(ctx)
	if err != nil {
		return nil, err
	}
	f := &reading{process}
	var args FollowArgs
	if v == Rowcast {
		args.Table = r.shape.table(v)
	}
	if err := process.Call(ctx, "Reader.Follow", args, &child.Nothing{}); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *reading) close() {
	if f != nil {
		_ = f.process.Close() // it was killed if it did not end
	}
}

// cpu is the processor time of the reader so far, in seconds.
func (f *reading) cpu(ctx context.Context) (float64, error) {
	if f == nil {
		return 0, nil
	}
	u, err := f.process.Usage(ctx)
	if err != nil {
		return bench.Unknown(), err
	}
	return u.CPU.Seconds(), nil
}

// stuckTime is how long a reader may receive nothing while rows are missing.
const stuckTime = time.Minute

// await waits until the reader has received so many rows.
func (f *reading) await(ctx context.Context, rows int64) error {
	if f == nil {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last int64
	moved := time.Now()
	for {
		var n int64
		if err := f.process.Call(ctx, "Reader.Rows", child.Nothing{}, &n); err != nil {
			return err
		}
		switch {
		case n == rows:
			return nil
		case n > rows:
			return fmt.Errorf("the reader received %d rows, but %d were written", n, rows)
		case n > last:
			last, moved = n, time.Now()
		case time.Since(moved) > stuckTime:
			return fmt.Errorf("the reader has received %d of %d rows and nothing for %s", n, rows, stuckTime)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
