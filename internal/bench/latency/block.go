package latency

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/measure"
)

// tenant is the one that owns the rows.
const tenant = "rowcast-bench-0"

// block writes to one side for a while and records when the rows arrive.
func (r *run) block(ctx context.Context, s *side) error {
	leadIn := int64(r.LeadIn.Seconds() * r.Rate)
	count := leadIn + max(1, int64(r.Duration.Seconds()*r.Rate)/int64(r.Blocks))
	first := r.written
	r.written += count
	r.arrivals.expect(first, count)
	began, returned := make([]time.Duration, count), make([]time.Duration, count)
	schedule := measure.NewSchedule(time.Now().Add(time.Millisecond), r.Rate)

	var taken atomic.Int64
	writing, writingCtx := errgroup.WithContext(ctx)
	for _, conn := range r.writers {
		writing.Go(func() error { return r.write(writingCtx, conn, s.insert, schedule, first, &taken, began, returned) })
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	if err := r.arrivals.await(ctx, quietTime); err != nil {
		return err
	}
	for i, row := range r.arrivals.rows {
		if int64(i) >= leadIn {
			s.add(row.at-row.due, row.at-returned[i], began[i]-row.due)
		}
	}
	return nil
}

// write commits what is due until the block has all its rows.
func (r *run) write(
	ctx context.Context, conn *pgx.Conn, insert string, schedule *measure.Schedule, first int64, taken *atomic.Int64, began, returned []time.Duration,
) error {
	for {
		n := taken.Add(1) - 1
		if n >= int64(len(returned)) {
			return nil
		}
		// Whoever takes a number takes some time of the schedule, not
		// necessarily the one of that number; the row has the time it got.
		due, err := schedule.Next(ctx)
		if err != nil {
			return err
		}
		id := first + n
		began[n] = time.Since(r.began)
		if _, err := conn.Exec(ctx, insert, id, tenant, int64(due.Sub(r.began))); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
		returned[n] = time.Since(r.began)
	}
}
