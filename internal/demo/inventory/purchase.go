package inventory

import (
	"context"
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
	rows, err := t.Query(ctx, sqlSkusToBuy, t.Tenant)
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
	var l Lines
	for _, s := range short {
		if s.SupplierID == supplier {
			l.SKUs = append(l.SKUs, s.ID)
			l.Units = append(l.Units, s.Missing+minRestock+t.rng.Int32N(maxRestock-minRestock+1))
		}
	}
	_, err = t.DraftPurchaseOrder(ctx, supplier, l)
	return yields(err)
}

func (t *turn) sendPurchaseOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.SendPurchaseOrder, sqlPurchaseOrdersInStatus, t.Tenant, "draft")
}

func (t *turn) confirmPurchaseOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.ConfirmPurchaseOrder, sqlPurchaseOrdersInStatus, t.Tenant, "sent")
}

// cancelPurchaseOrder: the supplier cannot deliver.
func (t *turn) cancelPurchaseOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.CancelPurchaseOrder, sqlPurchaseOrdersInStatus, t.Tenant, "sent")
}

// receivePurchaseOrder: the goods arrive.
func (t *turn) receivePurchaseOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.ReceivePurchaseOrder, sqlPurchaseOrdersInStatus, t.Tenant, "confirmed")
}
