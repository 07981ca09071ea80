package api

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/inventory"
)

// order is what a customer buys.
type order struct {
	ID        string  `json:"id"`
	Number    string  `json:"number"`
	Customer  string  `json:"customer"`
	Status    string  `json:"status"`
	Warehouse string  `json:"warehouse"`
	Total     *string `json:"total,omitempty"`
	CreatedAt instant `json:"createdAt"`
	UpdatedAt instant `json:"updatedAt"`
}

// orderRow is an order in a list.
type orderRow struct {
	order
	Items int `json:"items"`
}

// orderDetail is an order with its items.
type orderDetail struct {
	order
	Items []orderItem `json:"items"`
}

type orderItem struct {
	SKUID    string  `json:"skuId"`
	SKU      string  `json:"sku"`
	Name     string  `json:"name"`
	Quantity int32   `json:"quantity"`
	Price    *string `json:"price,omitempty"` // of one, when it was ordered
}

// orders lists those of every status, or of the ones that ?status= names, separated by
// commas; and of every warehouse, or of the one that ?warehouse= names.
func (a *API) orders(ctx context.Context, c *caller) (any, error) {
	limit, err := c.limit(50)
	if err != nil {
		return nil, err
	}
	var statuses []string
	if text := c.URL.Query().Get("status"); text != "" {
		statuses = strings.Split(text, ",")
	}
	for _, status := range statuses {
		if known := []string{"pending", "processing", "fulfilled", "cancelled"}; !slices.Contains(known, status) {
			return nil, badRequest("status has to be one of %s, or several separated by commas", strings.Join(known, ", "))
		}
	}
	warehouse := c.URL.Query().Get("warehouse")
	if warehouse != "" {
		if warehouse, err = text("warehouse", warehouse); err != nil {
			return nil, err
		}
	}
	var all []orderRow
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[orderRow](ctx, tx, "orders", sqlOrders, c.tenant, statuses, limit, c.warehouses, warehouse)
		return err
	})
	return all, err
}

func (a *API) order(ctx context.Context, c *caller) (any, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var o orderDetail
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		o, err = readOrder(ctx, tx, c, id)
		return err
	})
	return o, err
}

func readOrder(ctx context.Context, tx pgx.Tx, c *caller, id string) (o orderDetail, err error) {
	if o.order, err = one[order](ctx, tx, "order", sqlOrder, c.tenant, id, c.warehouses); err != nil {
		return o, err
	}
	o.Items, err = collect[orderItem](ctx, tx, "items of an order", sqlOrderItems, c.tenant, id, c.warehouses)
	return o, err
}

func (a *API) placeOrder(ctx context.Context, c *caller) (any, error) {
	type request struct {
		Customer string `json:"customer"`
		Items    []item `json:"items"`
	}
	const example = `{"customer":"…","items":[{"skuId":"…","quantity":1}]}`
	wanted, err := decode[request](c, example)
	if err != nil {
		return nil, err
	}
	customer, err := text("customer", wanted.Customer)
	if err != nil {
		return nil, err
	}
	l, err := lines(wanted.Items)
	if err != nil {
		return nil, err
	}
	var o orderDetail
	err = a.write(ctx, c, func(clerk *inventory.Clerk) error {
		id, err := clerk.PlaceOrder(ctx, customer, l)
		if err == nil {
			o, err = readOrder(ctx, clerk, c, id)
		}
		return err
	})
	return o, err
}

func (a *API) fulfilOrder(ctx context.Context, c *caller) (any, error) {
	return a.changeOrder(ctx, c, (*inventory.Clerk).FulfilOrder)
}

func (a *API) cancelOrder(ctx context.Context, c *caller) (any, error) {
	return a.changeOrder(ctx, c, (*inventory.Clerk).CancelOrder)
}

// changeOrder does something with the order in the path and returns what it is
// then.
func (a *API) changeOrder(ctx context.Context, c *caller, change func(*inventory.Clerk, context.Context, string) error) (any, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var o orderDetail
	err = a.write(ctx, c, func(clerk *inventory.Clerk) error {
		if _, err := readOrder(ctx, clerk, c, id); err != nil {
			return err
		}
		if err := change(clerk, ctx, id); err != nil {
			return err
		}
		o, err = readOrder(ctx, clerk, c, id)
		return err
	})
	return o, err
}
