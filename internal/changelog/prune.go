package changelog

import (
	"context"
	"fmt"
	"time"
)

// pruneTimeout bounds one batch.
const pruneTimeout = time.Minute

// prune forgets old changes, while this replica leads.
func (t *Tail) prune(ctx context.Context) error {
	if t.o.Retention <= 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	interval := min(t.o.Retention/4, time.Minute)
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

// pruneAll prunes batch by batch until nothing is left to do.
func (t *Tail) pruneAll(ctx context.Context) error {
	for {
		pruned, err := t.pruneBatch(ctx)
		if err != nil {
			return fmt.Errorf("prune changes older than %s: %w", t.o.Retention, err)
		}
		if pruned == 0 {
			return nil
		}
	}
}

func (t *Tail) pruneBatch(ctx context.Context) (pruned int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	err = t.o.Pool.QueryRow(ctx, "select rowcast.prune($1::interval)", t.o.Retention).Scan(&pruned)
	return pruned, err
}
