package database

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/measure"
)

const (
	// writers commit paced changes.
	writers = 4
	// rows is the most that one statement writes.
	rows = 500
)

// writer commits rows to one table.
type writer struct {
	insert  string
	tenants []string
	conns   []*pgx.Conn
}

// Publish commits changes.
func (w *writer) Publish(ctx context.Context, c fanout.Changes) (fanout.Published, error) {
	if c.Rate == 0 {
		return fanout.Published{}, w.write(ctx, c.Start, c.Count, w.tenants)
	}
	var taken, late atomic.Int64
	schedule := measure.NewSchedule(time.Now(), c.Rate)
	writing, ctx := errgroup.WithContext(ctx)
	for _, conn := range w.conns {
		writing.Go(func() error {
			for n := taken.Add(1) - 1; n < c.Count; n = taken.Add(1) - 1 {
				due, err := schedule.Next(ctx)
				if err != nil {
					return err
				}
				behind := int64(time.Since(due))
				for most := late.Load(); behind > most && !late.CompareAndSwap(most, behind); most = late.Load() {
				}
				if _, err := conn.Exec(ctx, w.insert, c.Start+n, 1, w.tenants); err != nil {
					return fmt.Errorf("write a row: %w", err)
				}
			}
			return nil
		})
	}
	err := writing.Wait()
	return fanout.Published{Late: time.Duration(late.Load())}, err
}

// write commits rows, some at a time.
func (w *writer) write(ctx context.Context, first, count int64, tenants []string) error {
	for ; count > 0; first, count = first+rows, count-rows {
		if _, err := w.conns[0].Exec(ctx, w.insert, first, min(count, rows), tenants); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	}
	return nil
}
