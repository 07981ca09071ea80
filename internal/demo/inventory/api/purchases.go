package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/inventory"
)

// purchaseOrder is what a supplier is to deliver.
type purchaseOrder struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	SupplierID string  `json:"supplierId"`
	Supplier   string  `json:"supplier"`
	Status     string  `json:"status"`
	Total      string  `json:"total"`
	ExpectedOn *string `json:"expectedOn"` // a date
	CreatedAt  instant `json:"createdAt"`
	UpdatedAt  instant `json:"updatedAt"`
}

// purchaseOrderRow is a purchase order in a list.
type purchaseOrderRow struct {
	purchaseOrder
	Items int `json:"items"`
}

// purchaseOrderDetail is a purchase order with its items.
type purchaseOrderDetail struct {
	purchaseOrder
	Items []purchaseOrderItem `json:"items"`
}

type purchaseOrderItem struct {
	SKUID    string `json:"skuId"`
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int32  `json:"quantity"`
	Cost     string `json:"cost"` // of one, as agreed
}

func (a *API) purchaseOrders(ctx context.Context, c *caller) (any, error) {
	limit, err := c.limit(50)
	if err != nil {
		return nil, err
	}
	var all []purchaseOrderRow
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[purchaseOrderRow](ctx, tx, "purchase orders", sqlPurchaseOrders, c.tenant, limit)
		return err
	})
	return all, err
}

func (a *API) purchaseOrder(ctx context.Context, c *caller) (any, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var o purchaseOrderDetail
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		o, err = readPurchaseOrder(ctx, tx, c.tenant, id)
		return err
	})
	return o, err
}

func readPurchaseOrder(ctx context.Context, tx pgx.Tx, tenantID, id string) (o purchaseOrderDetail, err error) {
	if o.purchaseOrder, err = one[purchaseOrder](ctx, tx, "purchase order", sqlPurchaseOrder, tenantID, id); err != nil {
		return o, err
	}
	o.Items, err = collect[purchaseOrderItem](ctx, tx, "items of a purchase order", sqlPurchaseOrderItems, tenantID, id)
	return o, err
}

func (a *API) draftPurchaseOrder(ctx context.Context, c *caller) (any, error) {
	type request struct {
		SupplierID string `json:"supplierId"`
		Items      []item `json:"items"`
	}
	const example = `{"supplierId":"…","items":[{"skuId":"…","quantity":1}]}`
	wanted, err := decode[request](c, example)
	if err != nil {
		return nil, err
	}
	supplier, err := uuid("supplierId", wanted.SupplierID)
	if err != nil {
		return nil, err
	}
	l, err := lines(wanted.Items)
	if err != nil {
		return nil, err
	}
	var o purchaseOrderDetail
	err = a.write(ctx, c, func(clerk *inventory.Clerk) error {
		id, err := clerk.DraftPurchaseOrder(ctx, supplier, l)
		if err == nil {
			o, err = readPurchaseOrder(ctx, clerk, c.tenant, id)
		}
		return err
	})
	return o, err
}

func (a *API) sendPurchaseOrder(ctx context.Context, c *caller) (any, error) {
	return a.changePurchaseOrder(ctx, c, (*inventory.Clerk).SendPurchaseOrder)
}

func (a *API) receivePurchaseOrder(ctx context.Context, c *caller) (any, error) {
	return a.changePurchaseOrder(ctx, c, (*inventory.Clerk).ReceivePurchaseOrder)
}

// changePurchaseOrder does something with the purchase order in the path and
// returns what it is then.
func (a *API) changePurchaseOrder(ctx context.Context, c *caller, change func(*inventory.Clerk, context.Context, string) error) (any, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var o purchaseOrderDetail
	err = a.write(ctx, c, func(clerk *inventory.Clerk) error {
		if err := change(clerk, ctx, id); err != nil {
			return err
		}
		o, err = readPurchaseOrder(ctx, clerk, c.tenant, id)
		return err
	})
	return o, err
}
