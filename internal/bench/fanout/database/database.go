// Package database has the changes of the fan-out benchmark come from
// PostgreSQL, through a whole server: capture, seal, tail, mapping, hub.
//
// # Overview
//
// [Source] writes rows to a watched table in a schema of its own. Paced changes
// are single-row transactions of a few writers; a burst is a few transactions
// of many rows.
//
// # Guarantees
//
//   - Every row is one change, whatever the server's bound for bulk events
//     (TestChangesArrive).
//   - The schema is gone after Close (TestChangesArrive).
package database

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/scratch"
)

const (
	// Schema is where the table is.
	Schema = "rowcast_bench_fanout"
	// writers commit paced changes.
	writers = 4
	// rows is the most that one statement writes.
	rows = 500
	// unheard is a tenant that no token names.
	unheard = "rowcast-bench-nobody"
)

var (
	//go:embed schema.sql
	schema string
	//go:embed insert.sql
	insert string
)

// Source writes changes for a server in another process. It is a
// fanout.Server.
type Source struct {
	fanout.Caller
	tenants []string
	tables  scratch.Schema
	conns   []*pgx.Conn
}

var _ fanout.Server = (*Source)(nil)

// Open makes the table. caller is the process of the server, which has a
// service Service with the method Events.
func Open(ctx context.Context, caller fanout.Caller, tenants []string, connect func(context.Context) (*pgx.Conn, error)) (_ *Source, err error) {
	s := &Source{Caller: caller, tenants: tenants, tables: scratch.Schema{Name: Schema, SQL: schema, Connect: connect}}
	if err := s.tables.Install(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	for range writers {
		conn, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		s.conns = append(s.conns, conn)
	}
	return s, nil
}

// Close removes the table.
func (s *Source) Close(ctx context.Context) error {
	for _, conn := range s.conns {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	return s.tables.Remove(ctx)
}

// Publish commits changes.
func (s *Source) Publish(ctx context.Context, c fanout.Changes) (fanout.Published, error) {
	if c.Rate == 0 {
		return fanout.Published{}, s.write(ctx, c.Start, c.Count, s.tenants)
	}
	var taken, late atomic.Int64
	schedule := measure.NewSchedule(time.Now(), c.Rate)
	writing, ctx := errgroup.WithContext(ctx)
	for _, conn := range s.conns {
		writing.Go(func() error {
			for n := taken.Add(1) - 1; n < c.Count; n = taken.Add(1) - 1 {
				due, err := schedule.Next(ctx)
				if err != nil {
					return err
				}
				behind := int64(time.Since(due))
				for most := late.Load(); behind > most && !late.CompareAndSwap(most, behind); most = late.Load() {
				}
				if _, err := conn.Exec(ctx, insert, c.Start+n, 1, s.tenants); err != nil {
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
func (s *Source) write(ctx context.Context, first, count int64, tenants []string) error {
	for ; count > 0; first, count = first+rows, count-rows {
		if _, err := s.conns[0].Exec(ctx, insert, first, min(count, rows), tenants); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
	}
	return nil
}

// PublishUnheard commits changes of a tenant that nobody has joined.
func (s *Source) PublishUnheard(ctx context.Context, count int) error {
	return s.write(ctx, 0, int64(count), []string{unheard})
}

// Events is how many events the server has encoded.
func (s *Source) Events(ctx context.Context) (events int64, err error) {
	err = s.Call(ctx, "Service.Events", child.Nothing{}, &events)
	return events, err
}
