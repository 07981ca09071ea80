package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// pruneTimeout bounds one batch.
	pruneTimeout = time.Minute
	// segmentBytes is the size at which a segment of the log is closed, and
	// segmentsKept how many the retention is cut into: so much more than the
	// retention is kept at most.
	segmentBytes = 1 << 30
	segmentsKept = 8
)

// prune forgets old changes, while this replica leads.
func (t *Tail) prune(ctx context.Context) error {
	if t.o.Retention <= 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	interval := min(t.o.Retention/segmentsKept, time.Minute)
	for {
		if err := pause(ctx, interval); err != nil {
			return err
		}
		if leads, _ := t.keeper.look(); !leads {
			continue
		}
		if err := t.pruneAll(ctx); err != nil && ctx.Err() == nil {
			t.o.Log.WarnContext(ctx, "old changes could not be pruned", "error", err)
		}
	}
}

// pruneAll closes the segment of the log that is written if it is time, prunes
// batch by batch until nothing is left to do, and empties the segments that hold
// nothing else.
func (t *Tail) pruneAll(ctx context.Context) error {
	var rotated bool
	err := t.ask(ctx, &rotated, "select rowcast.rotate($1::interval, $2)", t.o.Retention/segmentsKept, int64(segmentBytes))
	if err != nil && !busy(err) {
		return fmt.Errorf("close a segment of the change log: %w", err)
	}
	for pruned := int64(1); pruned > 0; {
		if err := t.ask(ctx, &pruned, "select rowcast.prune($1::interval)", t.o.Retention); err != nil {
			return fmt.Errorf("prune changes older than %s: %w", t.o.Retention, err)
		}
	}
	var emptied int
	if err := t.ask(ctx, &emptied, "select rowcast.empty_segments()"); err != nil {
		return fmt.Errorf("empty segments older than %s: %w", t.o.Retention, err)
	}
	if rotated || emptied > 0 {
		t.o.Log.InfoContext(ctx, "rotated the change log", "closed", rotated, "emptied", emptied)
	}
	return nil
}

// ask puts one question that changes the log.
func (t *Tail) ask(ctx context.Context, answer any, question string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	return t.o.Pool.QueryRow(ctx, question, args...).Scan(answer)
}

// busy says that a lock was not granted in time: it is tried again later.
func busy(err error) bool {
	const lockNotAvailable = "55P03"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == lockNotAvailable
}
