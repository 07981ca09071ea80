package inventory

import (
	"context"
	"fmt"
	"math"
)

const (
	maxDamaged = 3 // units written off at once
	maxCounted = 3 // units that a stocktake finds too many or too few
)

// AdjustStock corrects what there is of a sku by some units, not 0, and returns the
// id of the movement.
func (c *Clerk) AdjustStock(ctx context.Context, sku string, units int32, reason string) (id string, err error) {
	found, err := c.lockStock(ctx, []string{sku})
	if err != nil {
		return "", err
	}
	s := found[0]
	switch after := int64(s.Left) + int64(units); {
	case after < 0:
		return "", &ConflictError{fmt.Sprintf("there are %d of %s; %d cannot be taken away", s.Left, s.SKU, -int64(units))}
	case after > math.MaxInt32:
		return "", &ConflictError{fmt.Sprintf("there are %d of %s; more than %d cannot be counted", s.Left, s.SKU, math.MaxInt32)}
	}
	row := c.QueryRow(ctx, sqlMovementInsert, c.Tenant, sku, units, reason, c.User)
	if err := row.Scan(&id); err != nil {
		return "", fmt.Errorf("adjust the stock of sku %s: %w", sku, err)
	}
	return id, nil
}

// writeOffDamage: something fell off the shelf.
func (t *turn) writeOffDamage(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1)
	if err != nil || len(l.SKUs) == 0 {
		return false, err
	}
	_, err = t.AdjustStock(ctx, l.SKUs[0], -min(l.Units[0], maxDamaged), "damaged")
	return yields(err)
}

// takeStock: somebody counted, and the books were wrong.
func (t *turn) takeStock(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1)
	if err != nil || len(l.SKUs) == 0 {
		return false, err
	}
	units := min(l.Units[0], maxCounted)
	if t.rng.IntN(2) == 0 {
		units = -units
	}
	_, err = t.AdjustStock(ctx, l.SKUs[0], units, "stocktake")
	return yields(err)
}
