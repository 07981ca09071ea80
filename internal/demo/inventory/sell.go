package inventory

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func order() document {
	return document{name: "order", lock: sqlOrderLock, set: sqlOrderSetStatus}
}

// PlaceOrder writes down what a customer wants, at today's prices. The goods
// stay on the shelf until the order is fulfilled.
func (c *Clerk) PlaceOrder(ctx context.Context, customer string, l Lines) (id string, err error) {
	if _, err := c.lockStock(ctx, l.SKUs); err != nil {
		return "", err
	}
	if err := c.QueryRow(ctx, sqlOrderInsert, c.Tenant, customer, l.SKUs, l.Units).Scan(&id); err != nil {
		return "", fmt.Errorf("insert order: %w", err)
	}
	if _, err := c.Exec(ctx, sqlOrderItemsInsert, c.Tenant, id, l.SKUs, l.Units); err != nil {
		return "", fmt.Errorf("insert items of order %s: %w", id, err)
	}
	return id, nil
}

// ProcessOrder starts to pick the goods of a pending order.
func (c *Clerk) ProcessOrder(ctx context.Context, id string) error {
	return c.advance(ctx, order(), id, "processing", "pending")
}

// CancelOrder ends an order whose goods have not left.
func (c *Clerk) CancelOrder(ctx context.Context, id string) error {
	return c.advance(ctx, order(), id, "cancelled", "pending", "processing")
}

// FulfilOrder ships an open order: its goods leave the stock. Too few of them
// are a conflict.
func (c *Clerk) FulfilOrder(ctx context.Context, id string) error {
	number, err := c.take(ctx, order(), id, "fulfilled", "pending", "processing")
	if err != nil {
		return err
	}
	if err := c.suffices(ctx, id, number); err != nil {
		return err
	}
	if err := c.setStatus(ctx, order(), id, "fulfilled"); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, sqlOrderShip, c.Tenant, id, number, c.User); err != nil {
		return fmt.Errorf("ship the goods of order %s: %w", number, err)
	}
	return nil
}

// suffices locks the stock of an order and says whether there is enough.
func (c *Clerk) suffices(ctx context.Context, id, number string) error {
	rows, err := c.Query(ctx, sqlOrderStockLock, c.Tenant, id)
	if err != nil {
		return fmt.Errorf("lock the stock of order %s: %w", number, err)
	}
	var short error
	var sku string
	var wanted, left int32
	_, err = pgx.ForEachRow(rows, []any{&sku, &wanted, &left}, func() error {
		if wanted > left && short == nil {
			short = &ConflictError{fmt.Sprintf("order %s wants %d of %s and there are %d; wait for goods, or cancel it", number, wanted, sku, left)}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("lock the stock of order %s: %w", number, err)
	}
	return short
}
