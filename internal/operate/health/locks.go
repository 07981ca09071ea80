package health

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/sql"
	"rowcast/triggers"
)

// Holder is a session that holds an advisory lock of the feed without being a
// server that should.
type Holder struct {
	// Lock is which: sleep, seal, leader, prune, migration or server.
	Lock string
	// PID and Transaction are its process and its virtual transaction.
	PID         int
	Transaction string
	// In Who it is in words.
	Who string
}

// String says who holds which lock.
func (h Holder) String() string {
	return fmt.Sprintf("the lock of the %s is held by %s", h.Lock, h.Who)
}

// askHolders asks who holds the locks at this moment.
func (w *Watcher) askHolders(ctx context.Context) ([]Holder, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	names, numbers := triggers.Locks()
	rows, err := w.o.Database.Query(ctx, sql.LockHolders, names, numbers)
	if err != nil {
		return nil, fmt.Errorf("ask who holds the locks: %w", postgres.Explain(err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Holder, err error) {
		err = row.Scan(&h.Lock, &h.PID, &h.Transaction, &h.Who, nil)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("ask who holds the locks: %w", postgres.Explain(err))
	}
	return found, nil
}

// compareHolders logs what was not so at the last check, and returns those who
// hold a lock for longer than from one check to the next: a server holds some for
// a moment.
func (w *Watcher) compareHolders(ctx context.Context, last, found []Holder) (held []Holder) {
	same := func(h Holder) func(Holder) bool {
		return func(was Holder) bool {
			return was.Lock == h.Lock && was.PID == h.PID && was.Transaction == h.Transaction
		}
	}
	for _, h := range found {
		if !slices.ContainsFunc(w.holders, same(h)) {
			continue
		}
		held = append(held, h)
		if !slices.ContainsFunc(last, same(h)) {
			w.o.Log.WarnContext(ctx, "a session holds an advisory lock of the servers, which any role can that may connect; end it with pg_terminate_backend",
				"lock", h.Lock, "holder", h.Who)
		}
	}
	for _, was := range last {
		if !slices.ContainsFunc(held, same(was)) {
			w.o.Log.InfoContext(ctx, "the session no longer holds the lock", "lock", was.Lock, "holder", was.Who)
		}
	}
	w.holders = found
	return held
}
