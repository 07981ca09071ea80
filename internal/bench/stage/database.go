package stage

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

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

// Connect opens a direct connection to the database.
func (s *Stage) Connect(ctx context.Context) (*pgx.Conn, error) { return s.Dial(ctx, "rowcast-bench") }

// Dial is Connect under a name for pg_stat_activity. The session has the
// settings of the server, as that of an application.
func (s *Stage) Dial(ctx context.Context, name string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(s.URL)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	c.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// Describe adds the database to what a report says about where it ran.
func (s *Stage) Describe(ctx context.Context, e *bench.Environment) error {
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return e.Describe(ctx, conn)
}
