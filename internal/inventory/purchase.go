package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A restock brings a sku this far above its threshold: the distance decides
// how often skus run low.
const (
	minRestock = 60
	maxRestock = 120
)

// shortage is a sku that has run low.
type shortage struct {
	ID         string
	SupplierID string
	Missing    int32
}

// draftPurchaseOrder: a buyer sees what has run low and writes down everything
// that one supplier can deliver.
func (t *turn) draftPurchaseOrder(ctx context.Context) (bool, error) {
	rows, err := t.Query(ctx, sqlSkusToBuy, t.tenant)
	if err != nil {
		return false, fmt.Errorf("read skus to buy: %w", err)
	}
	short, err := pgx.CollectRows(rows, pgx.RowToStructByName[shortage])
	if err != nil {
		return false, fmt.Errorf("read skus to buy: %w", err)
	}
	if len(short) == 0 {
		return false, nil
	}
	supplier := short[t.rng.IntN(len(short))].SupplierID
	var l lines
	for _, s := range short {
		if s.SupplierID == supplier {
			l.skus = append(l.skus, s.ID)
			l.units = append(l.units, s.Missing+minRestock+t.rng.Int32N(maxRestock-minRestock+1))
		}
	}
	var id string
	row := t.QueryRow(ctx, sqlPurchaseOrderInsert, t.tenant, supplier, l.skus, l.units)
	if err := row.Scan(&id); err != nil {
		return false, fmt.Errorf("insert purchase order: %w", err)
	}
	if _, err := t.Exec(ctx, sqlPurchaseOrderItemsInsert, t.tenant, id, l.skus, l.units); err != nil {
		return false, fmt.Errorf("insert items of purchase order: %w", err)
	}
	return true, nil
}

func (t *turn) sendPurchaseOrder(ctx context.Context) (bool, error) {
	_, _, ok, err := t.advancePurchaseOrder(ctx, "draft", "sent")
	return ok, err
}

func (t *turn) confirmPurchaseOrder(ctx context.Context) (bool, error) {
	_, _, ok, err := t.advancePurchaseOrder(ctx, "sent", "confirmed")
	return ok, err
}

// cancelPurchaseOrder: the supplier cannot deliver.
func (t *turn) cancelPurchaseOrder(ctx context.Context) (bool, error) {
	_, _, ok, err := t.advancePurchaseOrder(ctx, "sent", "cancelled")
	return ok, err
}

// receivePurchaseOrder: the goods arrive and go into stock.
func (t *turn) receivePurchaseOrder(ctx context.Context) (bool, error) {
	id, number, ok, err := t.advancePurchaseOrder(ctx, "confirmed", "received")
	if err != nil || !ok {
		return false, err
	}
	if _, err := t.Exec(ctx, sqlPurchaseOrderReceive, t.tenant, id, number, t.user); err != nil {
		return false, fmt.Errorf("receive goods of purchase order %s: %w", number, err)
	}
	return true, nil
}

// advancePurchaseOrder moves one of the purchase orders in a status to the
// next.
func (t *turn) advancePurchaseOrder(ctx context.Context, from, to string) (id, number string, ok bool, err error) {
	id, ok, err = t.pick(ctx, sqlPurchaseOrdersInStatus, t.tenant, from)
	if err != nil {
		return "", "", false, fmt.Errorf("read %s purchase orders: %w", from, err)
	}
	if !ok {
		return "", "", false, nil
	}
	err = t.QueryRow(ctx, sqlPurchaseOrderSetStatus, t.tenant, id, from, to).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, fmt.Errorf("move purchase order %s to %s: %w", id, to, err)
	}
	return id, number, true, nil
}
