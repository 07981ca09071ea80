package write

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"rowcast/internal/bench/child"
)

// reading reads what is written to one table: a whole server in a process of its own
// for the watched one, a LISTEN in this process for that which notifies, and nobody for
// the third.
type reading struct {
	process *child.Child
	// received is how many rows were read.
	received func(ctx context.Context) (int64, error)
	close    func()
}

// sealed counts the changes of the tenants of the benchmark that have their positions.
const sealed = `select coalesce(sum(s.rows), 0) from rowcast.sealed s
	where s.tenant like 'rowcast-bench-%' or s.tenant like '0be9c000-0000-4000-8000-%'`

// follow starts what the variant needs.
func (r *run) follow(ctx context.Context, v Variant) (f *reading, err error) {
	f = &reading{close: func() {}}
	switch v {
	case Rowcast:
		if f.process, _, err = r.Serve(ctx); err != nil {
			return nil, err
		}
		f.close = func() { _ = f.process.Close() } // it was killed if it did not end
		var before int64
		f.received = func(ctx context.Context) (n int64, err error) {
			err = r.conn.QueryRow(ctx, sealed).Scan(&n)
			return n - before, err
		}
		before, err = f.received(ctx)
	case Notify:
		err = r.listen(ctx, f)
	}
	return f, err
}

// listen counts the notifications of the usual trigger.
func (r *run) listen(ctx context.Context, f *reading) error {
	conn, err := r.Dial(ctx, "rowcast-bench listen")
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "listen rowcast_bench"); err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), conn.Close(ctx))
	}
	var n atomic.Int64
	listening, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		for {
			if _, err := conn.WaitForNotification(listening); err != nil {
				return // rows are missing then, and await says so
			}
			n.Add(1)
		}
	}()
	f.close = func() {
		stop()
		<-ended
	}
	f.received = func(context.Context) (int64, error) { return n.Load(), nil }
	return nil
}

// stuckTime is how long a reader may receive nothing while rows are missing.
const stuckTime = time.Minute

// await waits until the reader has received so many rows.
func (f *reading) await(ctx context.Context, rows int64) error {
	if f.received == nil {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for last, moved := int64(0), time.Now(); ; {
		n, err := f.received(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("ask how many rows were received: %w", err)
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
