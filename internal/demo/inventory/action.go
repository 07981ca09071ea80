package inventory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
)

// action is one kind of business that the shop does.
type action struct {
	name string
	// weight is how often it is chosen, relative to the others.
	weight int
	// do does it once and says whether there was anything to do. It decides
	// that before it writes.
	do func(*turn, context.Context) (bool, error)
}

// actions is the daily business. Later stages weigh at least as much as those
// before them, so that work flows off; what has nothing to do gives way to the
// others.
func actions() []action {
	return []action{
		{"place order", 26, (*turn).placeOrder},
		{"process order", 28, (*turn).processOrder},
		{"fulfil order", 28, (*turn).fulfilOrder},
		{"cancel order", 3, (*turn).cancelOrder},
		{"draft purchase order", 4, (*turn).draftPurchaseOrder},
		{"send purchase order", 4, (*turn).sendPurchaseOrder},
		{"confirm purchase order", 4, (*turn).confirmPurchaseOrder},
		{"receive purchase order", 4, (*turn).receivePurchaseOrder},
		{"cancel purchase order", 1, (*turn).cancelPurchaseOrder},
		{"write off damage", 4, (*turn).writeOffDamage},
		{"take stock", 4, (*turn).takeStock},
		{"archive", 2, (*turn).archive},
	}
}

// turn is one action under way: its transaction, for whom and by whom.
type turn struct {
	Clerk
	rng *rand.Rand
}

// act does one thing for one tenant, both chosen at random, and says what. The
// name is empty if nothing at all could be done.
func (s *Shop) act(ctx context.Context, conn *pgx.Conn) (tenant, name string, err error) {
	tenant = s.tenants[s.rng.IntN(len(s.tenants))]
	left := actions()
	for len(left) > 0 {
		i := draw(s.rng, left)
		done, err := s.step(ctx, conn, tenant, left[i])
		if err != nil {
			return tenant, "", err
		}
		if done {
			return tenant, left[i].name, nil
		}
		left = append(left[:i], left[i+1:]...)
	}
	return tenant, "", nil
}

// step does one action for one tenant in one transaction and says whether
// there was anything to do.
func (s *Shop) step(ctx context.Context, conn *pgx.Conn, tenant string, a action) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		t := &turn{Clerk: Clerk{Tx: tx, Tenant: tenant}, rng: s.rng}
		users, err := ReadUsers(ctx, tx, tenant)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			t.User = &users[t.rng.IntN(len(users))].ID
		}
		done, err = a.do(t, ctx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%s for tenant %s: %w", a.name, tenant, err)
	}
	return done, nil
}

// draw chooses one of the actions by weight and returns its index.
func draw(rng *rand.Rand, from []action) int {
	total := 0
	for _, a := range from {
		total += a.weight
	}
	n := rng.IntN(total)
	for i, a := range from {
		if n < a.weight {
			return i
		}
		n -= a.weight
	}
	return len(from) - 1
}

// withOne does something with one of the things that a query finds, if any.
func (t *turn) withOne(ctx context.Context, do func(context.Context, string) error, query string, args ...any) (bool, error) {
	ids, err := t.ids(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("choose: %w", err)
	}
	if len(ids) == 0 {
		return false, nil
	}
	return yields(do(ctx, ids[t.rng.IntN(len(ids))]))
}

func (t *turn) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := t.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// yields makes nothing done out of the refusal of what somebody else was faster
// with.
func yields(err error) (bool, error) {
	if _, conflict := errors.AsType[*ConflictError](err); conflict || errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
