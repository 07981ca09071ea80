// Package database has the changes of the fan-out benchmark come from
// PostgreSQL, through a whole server: capture, seal, tail, mapping, hub.
//
// # Overview
//
// [Source] writes rows to a watched table in a schema of its own. Paced changes
// are single-row transactions of a few writers; a burst is a few transactions
// of many rows. [Reference] writes the same rows to a table of the same shape,
// whose trigger calls pg_notify with the row as JSON.
//
// # Guarantees
//
//   - Every row is one change, whatever the server's bound for bulk events
//     (TestChangesArrive).
//   - A server that listens on [Channel] is told of every row of Reference, once
//     (TestReferenceTakesTurns).
//   - The schema is gone after Close (TestChangesArrive).
package database

import (
	"context"
	_ "embed"
	"errors"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/scratch"
)

const (
	// Schema is where the tables are.
	Schema = "rowcast_bench_fanout"
	// Channel is where rows are notified for the reference.
	Channel = "rowcast_bench_fanout"
	// unheard is a tenant that no token names.
	unheard = "rowcast-bench-nobody"
)

var (
	//go:embed schema.sql
	schema string
	//go:embed insert.sql
	insert string
	//go:embed insert_notified.sql
	insertNotified string
)

// Source writes changes for a server in another process. It is a
// fanout.Server.
type Source struct {
	fanout.Caller
	writer
	tables scratch.Schema
}

var _ fanout.Server = (*Source)(nil)

// Open makes the tables. caller is the process of the server, which has a
// service Service with the method Events.
func Open(ctx context.Context, caller fanout.Caller, tenants []string, connect func(context.Context) (*pgx.Conn, error)) (_ *Source, err error) {
	s := &Source{Caller: caller, writer: writer{insert: insert, tenants: tenants}, tables: scratch.Schema{Name: Schema, SQL: schema, Connect: connect}}
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

// Close removes the tables.
func (s *Source) Close(ctx context.Context) error {
	for _, conn := range s.conns {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	return s.tables.Remove(ctx)
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

// Reference writes changes for a server that listens. It is a
// fanout.Publisher.
type Reference struct {
	fanout.Caller
	writer
}

var _ fanout.Publisher = (*Reference)(nil)

// Reference writes with the same connections, which are not used at the same
// time. caller is the process of the server.
func (s *Source) Reference(caller fanout.Caller) *Reference {
	w := s.writer
	w.insert = insertNotified
	return &Reference{Caller: caller, writer: w}
}
