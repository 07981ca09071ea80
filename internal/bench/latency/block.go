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

// insert is the transaction of a writer.
func insert(table string) string {
	return "insert into " + Schema + "." + table + " (id, tenant_id, due) values ($1, $2, $3)"
}

// tenant is the one that owns a row, given the number of tenants or below it.
func tenant(n int64) string { return fmt.Sprint("rowcast-bench-", n) }

// block writes to one side for a while and records when the rows arrive.
func (r *run) block(ctx context.Context, s *side, result *Result) error {
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
	if err := r.await(ctx); err != nil {
		return err
	}
	figures := s.figures(result)
	for i, row := range r.arrivals.rows {
		if int64(i) >= leadIn {
			figures.add(row.at-row.due, row.at-returned[i], returned[i]-row.due)
			figures.Late = max(figures.Late, began[i]-row.due)
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
		if _, err := conn.Exec(ctx, insert, id, tenant(id%int64(r.Tenants)), int64(due.Sub(r.began))); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
		returned[n] = time.Since(r.began)
	}
}

// await waits until every row of the block has arrived.
func (r *run) await(ctx context.Context) error {
	look := time.NewTicker(min(r.Timeout, time.Second))
	defer look.Stop()
	for {
		select {
		case <-r.arrivals.complete:
			_, _, problem := r.arrivals.state()
			return problem
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-r.receivers.broken:
			return err
		case <-look.C:
			_, moved, problem := r.arrivals.state()
			if problem != nil {
				return problem
			}
			if time.Since(moved) >= r.Timeout {
				return r.arrivals.missing(r.Timeout)
			}
		}
	}
}
