package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/inventory"
)

// movement is a line of the stock ledger.
type movement struct {
	ID           string  `json:"id"`
	SKUID        string  `json:"skuId"`
	SKU          string  `json:"sku"`
	Name         string  `json:"name"`
	MovementType string  `json:"movementType"`
	Quantity     int32   `json:"quantity"`
	Reason       string  `json:"reason"`
	Reference    string  `json:"reference"`
	CreatedAt    instant `json:"createdAt"`
}

// movements lists those of all skus, or of the one that ?sku= names by its code
// or its id.
func (a *API) movements(ctx context.Context, c *caller) (any, error) {
	limit, err := c.limit(100)
	if err != nil {
		return nil, err
	}
	sku := c.URL.Query().Get("sku")
	if sku != "" {
		if sku, err = text("sku", sku); err != nil {
			return nil, err
		}
	}
	var all []movement
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[movement](ctx, tx, "stock movements", sqlMovements, c.tenant, sku, limit)
		return err
	})
	return all, err
}

// adjust corrects what there is of a sku.
func (a *API) adjust(ctx context.Context, c *caller) (any, error) {
	type request struct {
		Quantity int32  `json:"quantity"`
		Reason   string `json:"reason"`
	}
	const example = `{"quantity":-3,"reason":"damaged"}`
	wanted, err := decode[request](c, example)
	if err != nil {
		return nil, err
	}
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	if wanted.Quantity == 0 || wanted.Quantity < -maxUnits || wanted.Quantity > maxUnits {
		return nil, badRequest("quantity has to be a whole number from %d to %d and not 0; below 0 takes away", -maxUnits, maxUnits)
	}
	reason, err := text("reason", wanted.Reason)
	if err != nil {
		return nil, err
	}
	var m movement
	err = a.write(ctx, c, func(clerk *inventory.Clerk) error {
		moved, err := clerk.AdjustStock(ctx, id, wanted.Quantity, reason)
		if err == nil {
			m, err = one[movement](ctx, clerk, "stock movement", sqlMovement, c.tenant, moved)
		}
		return err
	})
	return m, err
}
