package fanout

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
)

const (
	// schemaName is where the tables are, and the channel where rows are notified for
	// the reference.
	schemaName = "rowcast_bench_fanout"
	// writers commit paced changes.
	writers = 4
	// rows is the most that one statement writes.
	rows = 500
)

var (
	//go:embed query/schema.sql
	schemaSQL string
	//go:embed query/insert.sql
	insertSQL string
	//go:embed query/insert_notified.sql
	insertNotifiedSQL string
)

// database is where changes of a whole server come from: capture, seal, tail, hub. Paced
// changes are single-row transactions of a few writers; a burst is a few transactions of
// many rows.
type database struct {
	tables stage.Schema
	tenant string
	conns  []*pgx.Conn
}

// openDatabase makes the tables.
func openDatabase(ctx context.Context, connect func(context.Context) (*pgx.Conn, error), tenant string) (*database, error) {
	d := &database{tables: stage.Schema{Name: schemaName, SQL: schemaSQL, Connect: connect}, tenant: tenant}
	if err := d.tables.Install(ctx); err != nil {
		return nil, err
	}
	for range writers {
		conn, err := connect(ctx)
		if err != nil {
			return d, err
		}
		d.conns = append(d.conns, conn)
	}
	return d, nil
}

// close removes the tables.
func (d *database) close(ctx context.Context) error {
	if d == nil {
		return nil
	}
	for _, conn := range d.conns {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	return d.tables.Remove(ctx)
}

// publish is that of a side whose rows a statement inserts.
func (d *database) publish(insert string) func(ctx context.Context, c Changes) (time.Duration, error) {
	return func(ctx context.Context, c Changes) (late time.Duration, err error) {
		if c.Rate == 0 {
			for left := c.Count; left > 0 && err == nil; left -= rows {
				_, err = d.conns[0].Exec(ctx, insert, min(left, rows), d.tenant)
			}
			return 0, err
		}
		var (
			mu      sync.Mutex
			left    = c.Count
			writing errgroup.Group
		)
		schedule := measure.NewSchedule(time.Now(), c.Rate)
		for _, conn := range d.conns {
			writing.Go(func() error {
				for {
					mu.Lock()
					left--
					done := left < 0
					mu.Unlock()
					if done {
						return nil
					}
					due, err := schedule.Next(ctx)
					if err != nil {
						return err
					}
					mu.Lock()
					late = max(late, time.Since(due))
					mu.Unlock()
					if _, err := conn.Exec(ctx, insert, 1, d.tenant); err != nil {
						return fmt.Errorf("write a row: %w", err)
					}
				}
			})
		}
		err = writing.Wait()
		return late, err
	}
}
