package stage

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/bench"
)

// DatabaseSettings are those of a PostgreSQL that a benchmark has for itself,
// with room for so many sessions: large enough that no checkpoint and no cache
// decides what looks better.
func DatabaseSettings(sessions int) map[string]string {
	return map[string]string{
		"shared_buffers": "256MB", "max_wal_size": "4GB", "max_connections": strconv.Itoa(max(100, sessions+20)),
	}
}

// Connect opens a direct connection to the database. The session has the
// settings of the server, as that of an application.
func (s *Stage) Connect(ctx context.Context) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(s.URL)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	c.RuntimeParams["application_name"] = "rowcast-bench"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// Sessions are connections that write side by side.
type Sessions []*pgx.Conn

// Sessions opens so many.
func (s *Stage) Sessions(ctx context.Context, n int) (all Sessions, err error) {
	for i := range n {
		conn, err := s.Connect(ctx)
		if err != nil {
			all.Close()
			return nil, fmt.Errorf("open session %d of %d: %w", i+1, n, err)
		}
		all = append(all, conn)
	}
	return all, nil
}

// Close ends them.
func (all Sessions) Close() {
	for _, conn := range all {
		_ = conn.Close(context.Background()) // an error says that it is closed
	}
}

// Listen calls heard for each notification of a session of its own, until stop, and
// broke with the reason if it ends.
func (s *Stage) Listen(ctx context.Context, channel string, heard func(payload string, at time.Time), broke func(error)) (stop func(), err error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return func() {}, err
	}
	listening, end := context.WithCancel(context.WithoutCancel(ctx))
	var reader sync.WaitGroup
	stop = func() {
		end()
		reader.Wait()
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		stop()
		return func() {}, fmt.Errorf("listen: %w", err)
	}
	reader.Go(func() {
		for {
			n, err := conn.WaitForNotification(listening)
			if err != nil {
				broke(err)
				return
			}
			heard(n.Payload, time.Now())
		}
	})
	return stop, nil
}

// schemaTime bounds what is done to a schema.
const schemaTime = 15 * time.Second

// script runs SQL in a session of its own, and describes the database to e. An interrupt
// would leave open what it did.
func (s *Stage) script(ctx context.Context, sql string, e *bench.Environment) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), schemaTime)
	defer cancel()
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, e.Describe(ctx, conn))
}

//go:embed remove.sql
var removeSQL string

// Install makes a schema by SQL, whole or not at all, and describes the database to e.
// remove drops the schema with its tables.
func (s *Stage) Install(ctx context.Context, e *bench.Environment, name, sql string) (remove func() error, err error) {
	err = s.script(ctx, sql, e)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P06" {
		return nil, fmt.Errorf("schema %s exists: another benchmark is running, or one was killed; then remove it with: drop schema %[1]s cascade", name)
	}
	if err != nil {
		return nil, fmt.Errorf("make the tables of the benchmark: %w", err)
	}
	return func() error {
		if err := s.script(ctx, strings.ReplaceAll(removeSQL, "{schema}", name), new(bench.Environment)); err != nil {
			return fmt.Errorf("remove schema %s, which is left behind: %w", name, err)
		}
		return nil
	}, nil
}
