package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/triggers"
)

const (
	// lockTimeout is how long a change of a table waits for its lock before it
	// lets those behind it pass, and lockAttempts how often it tries.
	lockTimeout  = 250 * time.Millisecond
	lockAttempts = 120
)

// ChangeTables runs work that needs tables for itself in a transaction. If it
// does not get a table soon it gives up, so that writers who queue behind it
// pass, and tries again. The errors of the database are explained.
func ChangeTables(ctx context.Context, conn *pgx.Conn, log *slog.Logger, work func(pgx.Tx) error) error {
	return changeTables(ctx, conn, log, 0, work)
}

func changeTables(ctx context.Context, conn *pgx.Conn, log *slog.Logger, timeout time.Duration, work func(pgx.Tx) error) error {
	timeout = cmp.Or(timeout, lockTimeout)
	return untilLocked(ctx, log, timeout, func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// Two at once would deadlock on functions.
			if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", triggers.MigrationLock); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d", timeout.Milliseconds())); err != nil {
				return err
			}
			return work(tx)
		})
	})
}

// untilLocked tries work until it gets its locks. Between two attempts it lets the
// writers pass that queued behind it.
func untilLocked(ctx context.Context, log *slog.Logger, timeout time.Duration, work func() error) error {
	for n := 1; ; n++ {
		err := work()
		pg, ok := errors.AsType[*pgconn.PgError](err)
		locked := ok && (pg.Code == "55P03" || pg.Code == "40P01")
		if !locked || n == lockAttempts {
			return Explain(err)
		}
		log.WarnContext(ctx, "table is locked, trying again", "attempt", n, "of", lockAttempts, "error", err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(timeout + rand.N(timeout)):
		}
	}
}
