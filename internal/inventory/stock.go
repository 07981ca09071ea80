package inventory

import (
	"context"
	"fmt"
)

const (
	maxDamaged = 3 // units written off at once
	maxCounted = 3 // units that a stocktake finds too many or too few
)

// writeOffDamage: something fell off the shelf.
func (t *turn) writeOffDamage(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1)
	if err != nil || len(l.skus) == 0 {
		return false, err
	}
	l.units[0] = -min(l.units[0], maxDamaged)
	return true, t.move(ctx, l, "adjustment", "damaged", "")
}

// takeStock: somebody counted, and the books were wrong.
func (t *turn) takeStock(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1)
	if err != nil || len(l.skus) == 0 {
		return false, err
	}
	l.units[0] = min(l.units[0], maxCounted)
	if t.rng.IntN(2) == 0 {
		l.units[0] = -l.units[0]
	}
	return true, t.move(ctx, l, "adjustment", "stocktake", "")
}

// move writes movements of one kind in one statement.
func (t *turn) move(ctx context.Context, l lines, kind, reason, reference string) error {
	_, err := t.Exec(ctx, sqlMovementsInsert, t.tenant, l.skus, l.units, kind, reason, reference, t.user)
	if err != nil {
		return fmt.Errorf("insert %s movements: %w", kind, err)
	}
	return nil
}
