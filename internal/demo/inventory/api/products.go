package api

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const latestMovements = 20 // of a product

// product is what is sold, in the variants that are counted.
type product struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Category string `json:"category"`
	SKUs     []sku  `json:"skus" db:"skus"`
}

type sku struct {
	ID        string  `json:"id"`
	SKU       string  `json:"sku"`
	Name      string  `json:"name"`
	Quantity  int32   `json:"quantity"`
	Threshold int32   `json:"threshold"`
	Warehouse string  `json:"warehouse"`
	Price     *string `json:"price,omitempty"`
	Cost      *string `json:"cost,omitempty"`
}

type supplier struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	LeadTimeDays int32  `json:"leadTimeDays"`
}

// productDetail is a product with where it comes from and where it goes.
type productDetail struct {
	product
	Description string     `json:"description"`
	SupplierID  string     `json:"-"`
	Supplier    supplier   `json:"supplier" db:"-"`
	Movements   []movement `json:"movements,omitzero" db:"-"` // not those of a picker
}

func (a *API) products(ctx context.Context, c *caller) (any, error) {
	var all []product
	err := a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[product](ctx, tx, "products", sqlProducts, c.tenant, c.warehouses)
		return err
	})
	return all, err
}

func (a *API) product(ctx context.Context, c *caller) (any, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	var p productDetail
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		if p, err = one[productDetail](ctx, tx, "product", sqlProduct, c.tenant, id, c.warehouses); err != nil {
			return err
		}
		if p.Supplier, err = one[supplier](ctx, tx, "supplier", sqlSupplier, c.tenant, p.SupplierID); err != nil {
			return err
		}
		if c.picks() {
			return nil
		}
		p.Movements, err = collect[movement](ctx, tx, "stock movements", sqlProductMovements, c.tenant, id, latestMovements)
		return err
	})
	return p, err
}

func (a *API) suppliers(ctx context.Context, c *caller) (any, error) {
	var all []supplier
	err := a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[supplier](ctx, tx, "suppliers", sqlSuppliers, c.tenant)
		return err
	})
	return all, err
}
