package changelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rowcast/internal/changelog/keeper"

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

// prune forgets old changes, while this server leads.
func (t *Tail) prune(ctx context.Context) error {
	if t.o.Retention <= 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	interval := min(t.o.Retention/segmentsKept, time.Minute)
	for {
		if err := keeper.Pause(ctx, interval); err != nil {
			return err
		}
		if leads, _ := t.keeper.Look(); !leads {
			continue
		}
		if err := t.pruneAll(ctx); err != nil && ctx.Err() == nil {
			t.o.Log.WarnContext(ctx, "old changes could not be pruned", "error", err)
		}
	}
}

// pruneAll prunes once and logs what is worth it.
func (t *Tail) pruneAll(ctx context.Context) error {
	did, err := Prune(ctx, t.o.Pool, t.o.Retention, nil)
	if err == nil && (did.Closed || did.Emptied > 0) {
		t.o.Log.InfoContext(ctx, "rotated the change log", "closed", did.Closed, "emptied", did.Emptied)
	}
	return err
}

// rememberInterval is how often a server says of whom it hears. A tenant is
// forgotten after a day at the earliest.
const rememberInterval = 30 * time.Minute

// Remember says now and then that the joined tenants are heard of, until ctx ends.
func Remember(ctx context.Context, pool Database, joined func() []string, log *slog.Logger) error {
	const most = 1000 // at once
	h := NewHistory(pool, 0)
	for {
		if err := keeper.Pause(ctx, rememberInterval); err != nil {
			return err
		}
		for names := range slices.Chunk(joined(), most) {
			if err := h.Know(ctx, names); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "joined tenants could not be noted", "error", err)
			}
		}
	}
}

// Pruned is what a pruning did.
type Pruned struct {
	// Rows counts the log rows that were forgotten, once for each tenant.
	Rows int64 `json:"places"`
	// Closed is true if the segment that was written was closed, Emptied counts
	// those that were emptied.
	Closed  bool `json:"closed"`
	Emptied int  `json:"emptied"`
}

// Prune closes the segment of the log that is written if it is time. It prunes batch by
// batch until nothing is left to do, and empties the segments that hold nothing else.
// It is what a server that leads does each minute; while another session prunes it does
// nothing. progress, if not nil, is called after each batch with the number of
// sequences that were forgotten.
func Prune(ctx context.Context, pool Database, retention time.Duration, progress func(rows int64)) (did Pruned, err error) {
	err = askPool(ctx, pool, &did.Closed, "select rowcast.rotate($1::interval, $2)", retention/segmentsKept, int64(segmentBytes))
	if err != nil && !busy(err) {
		return did, fmt.Errorf("close a segment of the change log: %w", err)
	}
	for batch := int64(1); batch > 0; did.Rows += batch {
		if err := askPool(ctx, pool, &batch, "select rowcast.prune($1::interval)", retention); err != nil {
			return did, fmt.Errorf("prune changes older than %s: %w", retention, err)
		}
		if progress != nil {
			progress(batch)
		}
	}
	if err := askPool(ctx, pool, &did.Emptied, "select rowcast.empty_segments()"); err != nil {
		return did, fmt.Errorf("empty segments older than %s: %w", retention, err)
	}
	return did, nil
}

// askPool puts one question that changes the log.
func askPool(ctx context.Context, pool Database, answer any, question string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	return pool.QueryRow(ctx, question, args...).Scan(answer)
}

// busy says that a lock was not granted in time: it is tried again later.
func busy(err error) bool {
	const lockNotAvailable = "55P03"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == lockNotAvailable
}
