package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func purchaseOrder() document {
	return document{name: "purchase order", lock: sqlPurchaseOrderLock, set: sqlPurchaseOrderSetStatus}
}

// DraftPurchaseOrder writes down what a supplier is to deliver, at today's cost.
func (c *Clerk) DraftPurchaseOrder(ctx context.Context, supplier string, l Lines) (id string, err error) {
	if _, err := c.lockStock(ctx, l.SKUs); err != nil {
		return "", err
	}
	err = c.QueryRow(ctx, sqlPurchaseOrderInsert, c.Tenant, supplier, l.SKUs, l.Units).Scan(&id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", fmt.Errorf("supplier %s: %w", supplier, ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("insert purchase order: %w", err)
	}
	if _, err := c.Exec(ctx, sqlPurchaseOrderItemsInsert, c.Tenant, id, l.SKUs, l.Units); err != nil {
		return "", fmt.Errorf("insert items of purchase order %s: %w", id, err)
	}
	return id, nil
}

// SendPurchaseOrder sends a draft to its supplier.
func (c *Clerk) SendPurchaseOrder(ctx context.Context, id string) error {
	return c.advance(ctx, purchaseOrder(), id, "sent", "draft")
}

// ConfirmPurchaseOrder notes that the supplier will deliver.
func (c *Clerk) ConfirmPurchaseOrder(ctx context.Context, id string) error {
	return c.advance(ctx, purchaseOrder(), id, "confirmed", "sent")
}

// CancelPurchaseOrder notes that the supplier will not deliver.
func (c *Clerk) CancelPurchaseOrder(ctx context.Context, id string) error {
	return c.advance(ctx, purchaseOrder(), id, "cancelled", "sent")
}

// ReceivePurchaseOrder takes the goods of a purchase order into stock. A
// supplier may deliver without having confirmed.
func (c *Clerk) ReceivePurchaseOrder(ctx context.Context, id string) error {
	number, err := c.take(ctx, purchaseOrder(), id, "received", "sent", "confirmed")
	if err != nil {
		return err
	}
	if err := c.setStatus(ctx, purchaseOrder(), id, "received"); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, sqlPurchaseOrderReceive, c.Tenant, id, number, c.User); err != nil {
		return fmt.Errorf("receive goods of purchase order %s: %w", number, err)
	}
	return nil
}
