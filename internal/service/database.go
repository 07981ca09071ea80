package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

// Dial makes connections of that name.
func Dial(url, name string) func(ctx context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, url, name) }
}

// DialTail is Dial for the connections that seal and read: it refuses a schema that is
// too old, also one that was when the database came up.
func DialTail(url string) func(ctx context.Context) (*pgx.Conn, error) {
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

// OpenHistory makes the pool for clients that resume. It may lead through a
// transaction pooler if there is a direct way for everything else.
func OpenHistory(ctx context.Context, cfg config.Config, size int32) (postgres.Pool, error) {
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

// CheckDatabase refuses a database without Rowcast, and settings that lead to
// none. It returns the id of the feed. A database that cannot be reached may
// come up later: the tail keeps trying, and /readyz says so; the id is empty.
func CheckDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (epoch string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	epoch, err = ReadFeed(ctx, cfg.ListenDatabaseURL, "rowcast check", log)
	if errors.Is(err, postgres.ErrPooler) || postgres.Refused(err) {
		return "", errcode.Misuse(err)
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

// ReadFeed is the id of the feed, read on a connection of that name. A database
// without Rowcast, or with the log of another one, is an error that says what
// to do.
func ReadFeed(ctx context.Context, url, name string, log *slog.Logger) (epoch string, err error) {
	err = postgres.With(ctx, postgres.Connect, url, name, func(ctx context.Context, c *pgx.Conn) error {
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
	return errcode.Misuse(errcode.With("different-databases",
		errors.New("DATABASE_URL and LISTEN_DATABASE_URL lead to different databases; they have to be two ways to the same one")))
}
