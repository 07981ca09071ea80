package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/errcode"
	"rowcast/internal/postgres"
	"rowcast/sql"
	"rowcast/triggers"
)

// holder is a session that holds an advisory lock of the feed, see
// sql/lock_holders.sql.
type holder struct {
	lock, transaction, who string
	pid                    int
	// seconds is for how long at least, nil if the role may not see that.
	seconds *float64
}

// same says whether it is the same session, in the same transaction.
func (h holder) same(other holder) bool {
	return h.lock == other.lock && h.pid == other.pid && h.transaction == other.transaction
}

// secondLook is how long a lock is held at least that is seen twice.
const secondLook = time.Second

// brief are the locks that a server holds for a moment, too, and how many
// times the bound that may be.
func brief() map[string]time.Duration {
	return map[string]time.Duration{"seal": 1, "prune": 6, "migration": 6}
}

// locks makes a check of who holds some of the locks. A role that does not see for
// how long looks twice.
func locks(code errcode.Code, names ...string) func(context.Context, *patient) Finding {
	return func(ctx context.Context, p *patient) Finding {
		found, err := p.holders(ctx, names)
		if err == nil && slices.ContainsFunc(found, func(h holder) bool { return h.seconds == nil && brief()[h.lock] > 0 }) {
			found, err = p.lookAgain(ctx, names, found)
		}
		if err != nil {
			return p.unanswered(code, err)
		}
		var says, fixes []string
		for _, h := range found {
			factor := brief()[h.lock]
			if factor > 0 && h.seconds != nil && *h.seconds < (factor*p.Bounds.Lock).Seconds() {
				continue
			}
			age := ""
			if h.seconds != nil {
				age = fmt.Sprintf(", for %s", time.Duration(*h.seconds*float64(time.Second)).Round(time.Second))
			}
			says = append(says, fmt.Sprintf("the lock of the %s is held by %s%s", h.lock, h.who, age))
			if h.pid != 0 {
				fixes = append(fixes, fmt.Sprintf("select pg_terminate_backend(%d)", h.pid))
			}
		}
		if len(says) == 0 {
			return ok("nobody holds the lock of the " + strings.Join(names, ", ") + " who should not")
		}
		fix := strings.Join(fixes, "; ")
		if fix != "" {
			fix += "; it takes a superuser, a member of the role that is named, or of pg_signal_backend"
		}
		if code == sealHeld {
			return fail(strings.Join(says, "; "), fix)
		}
		return warn(strings.Join(says, "; "), fix)
	}
}

const sealHeld = "seal-lock-held"

// lookAgain keeps those that are there a while later, too.
func (p *patient) lookAgain(ctx context.Context, names []string, before []holder) ([]holder, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(secondLook):
	}
	found, err := p.holders(ctx, names)
	return slices.DeleteFunc(found, func(h holder) bool {
		return h.seconds == nil && brief()[h.lock] > 0 && !slices.ContainsFunc(before, h.same)
	}), err
}

// holders asks who holds the locks of those names.
func (p *patient) holders(ctx context.Context, names []string) (found []holder, err error) {
	conn, err := p.database(ctx)
	if err != nil {
		return nil, err
	}
	err = postgres.Within(ctx, conn, func(tx pgx.Tx) error {
		all, numbers := triggers.Locks()
		rows, err := tx.Query(ctx, sql.LockHolders, all, numbers)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h holder, err error) {
			err = row.Scan(&h.lock, &h.pid, &h.transaction, &h.who, &h.seconds)
			return h, err
		})
		return err
	})
	return slices.DeleteFunc(found, func(h holder) bool { return !slices.Contains(names, h.lock) }), err
}
