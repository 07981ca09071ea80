package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/changelog"
	"rowcast/internal/config"
	"rowcast/internal/errcode"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

// withConn runs f on a connection of the command's own.
func withConn(ctx context.Context, url, name string, f func(ctx context.Context, conn *pgx.Conn) error) error {
	return with(ctx, postgres.Connect, url, name, f)
}

// with runs f on a connection that connect makes.
func with(
	ctx context.Context, connect func(ctx context.Context, url, name string) (*pgx.Conn, error),
	url, name string, f func(ctx context.Context, conn *pgx.Conn) error,
) error {
	c, err := connect(ctx, url, name)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	return postgres.Judge(context.WithoutCancel(ctx), c, f(ctx, c))
}

func dial(url, name string) func(ctx context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, url, name) }
}

// dialTail is dial for who seals and reads: it refuses a schema that is too old, also
// one that was when the database came up.
func dialTail(url string) func(ctx context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) {
		c, err := postgres.Connect(ctx, url, "rowcast tail")
		if err != nil {
			return nil, err
		}
		if _, err := postgres.CheckSchema(ctx, c); err != nil {
			return nil, errors.Join(err, c.Close(context.WithoutCancel(ctx)))
		}
		return c, nil
	}
}

// openHistory makes the pool for clients that resume. It may lead through a
// transaction pooler if there is a direct way for everything else.
func openHistory(ctx context.Context, cfg config.Config, size int32) (postgres.Pool, error) {
	const name = "rowcast history"
	if cfg.ListenDatabaseURL != cfg.DatabaseURL {
		return postgres.OpenPooled(ctx, cfg.DatabaseURL, name, size)
	}
	pool, err := postgres.Open(ctx, cfg.DatabaseURL, name, size)
	if err != nil {
		return nil, err
	}
	return pool, nil
}

// checkDatabase refuses a database without Rowcast, and settings that lead to
// none. It returns the id of the feed. A database that cannot be reached may
// come up later: the tail keeps trying, and /readyz says so; the id is empty.
func checkDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (epoch string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	epoch, err = readEpoch(ctx, cfg.ListenDatabaseURL, "rowcast check", log)
	if errors.Is(err, postgres.ErrPooler) || postgres.Refused(err) {
		return "", usageError{err}
	}
	if _, unreachable := errors.AsType[*pgconn.ConnectError](err); unreachable {
		log.WarnContext(ctx, "the database is not reachable yet", "error", err)
		return "", nil
	}
	return epoch, err
}

// checkTime bounds a check of the database at the start.
const checkTime = 10 * time.Second

const feedQuery = "select f.id from rowcast.feed f"

// readEpoch returns the id of the feed, read on a connection of that name. A database
// without Rowcast, or with the log of another one, is an error that says what
// to do.
func readEpoch(ctx context.Context, url, name string, log *slog.Logger) (epoch string, err error) {
	err = withConn(ctx, url, name, func(ctx context.Context, c *pgx.Conn) error {
		note, err := postgres.CheckSchema(ctx, c)
		if err != nil {
			return fmt.Errorf("check the database: %w", postgres.Explain(err))
		}
		if note != "" {
			log.WarnContext(ctx, "schema rowcast is not that of this program", "difference", note)
		}
		var foreign *string
		if err := c.QueryRow(ctx, sql.ForeignLog).Scan(&foreign); err != nil {
			return fmt.Errorf("check the database: %w", postgres.Explain(err))
		}
		if foreign != nil {
			return fmt.Errorf("%w: %s", changelog.ErrForeign, *foreign)
		}
		if err := c.QueryRow(ctx, feedQuery).Scan(&epoch); err != nil {
			return fmt.Errorf("check the database: %w", postgres.Explain(err))
		}
		return nil
	})
	return epoch, err
}

// sameEpoch refuses a history of another database than the one that was checked,
// if that was reached.
func sameEpoch(ctx context.Context, history postgres.Pool, epoch string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var other string
	if epoch == "" || history.QueryRow(ctx, feedQuery).Scan(&other) != nil || other == epoch {
		return nil
	}
	err := errors.New("DATABASE_URL and LISTEN_DATABASE_URL lead to different databases; they have to be two ways to the same one")
	return usageError{errcode.With("different-databases", err)}
}

// databaseName says where the database is, without passwords.
func databaseName(cfg config.Config) string {
	if cfg.UsesPGEnv {
		return "PG* variables"
	}
	return config.RedactURL(cfg.DatabaseURL)
}
