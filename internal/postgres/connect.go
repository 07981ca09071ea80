package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotMigrated says that the database has no schema rowcast.
var ErrNotMigrated = errors.New("the database has no schema rowcast; install it with: rowcast migrate")

// settings are those that the queries of the program rely on: they are small
// and always walk an index, so neither JIT nor a fresh plan pays.
func settings(name string) map[string]string {
	return map[string]string{
		"application_name":                    name,
		"jit":                                 "off",
		"plan_cache_mode":                     "force_generic_plan",
		"enable_seqscan":                      "off",
		"enable_hashjoin":                     "off",
		"enable_mergejoin":                    "off",
		"default_transaction_isolation":       "read committed",
		"statement_timeout":                   "0",
		"idle_in_transaction_session_timeout": "0",
	}
}

// Config parses a connection string of any form that pgx takes; empty means
// the PG* variables. Sessions are named by name in pg_stat_activity.
func Config(url, name string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	maps.Copy(config.RuntimeParams, settings(name))
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	return config, nil
}

// Connect opens one connection.
func Connect(ctx context.Context, url, name string) (*pgx.Conn, error) {
	config, err := Config(url, name)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// Open makes a pool of at most size connections. It connects when first used.
func Open(ctx context.Context, url, name string, size int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	maps.Copy(config.ConnConfig.RuntimeParams, settings(name))
	config.MaxConns = size
	config.MinConns = 0
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a pool of connections: %w", err)
	}
	return pool, nil
}

// Explain gives the errors of PostgreSQL a text for people: its message and
// hint. A database without Rowcast answers ErrNotMigrated. Other errors stay.
func Explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "3F000", "42P01", "42883": // schema, table, function missing
		if strings.Contains(pg.Message, "rowcast") {
			return fmt.Errorf("%w (%s)", ErrNotMigrated, pg.Message)
		}
	}
	return &explained{err: err, pg: pg}
}

// explained is an error of PostgreSQL in words.
type explained struct {
	err error
	pg  *pgconn.PgError
}

func (e *explained) Error() string {
	text := e.pg.Message
	if e.pg.Hint != "" {
		text += ". " + e.pg.Hint
	}
	return text
}

func (e *explained) Unwrap() error { return e.err }
