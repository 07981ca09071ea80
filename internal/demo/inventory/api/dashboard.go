package api

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// dashboard is how a tenant's business is going, or as much of it as a picker sees.
type dashboard struct {
	InventoryValue *string `json:"inventoryValue,omitempty"` // at cost
	OpenOrders     int     `json:"openOrders"`               // pending or processing
	LowStock       int     `json:"lowStock"`                 // skus at or below their threshold
	MovementsToday *int    `json:"movementsToday,omitempty"` // since midnight, UTC
	Alerts         []alert `json:"alerts" db:"-"`            // what is lowest, compared with its threshold, first
}

type alert struct {
	SKUID     string `json:"skuId"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int32  `json:"quantity"`
	Threshold int32  `json:"threshold"`
}

func (a *API) dashboard(ctx context.Context, c *caller) (any, error) {
	var d dashboard
	err := a.read(ctx, func(tx pgx.Tx) error {
		rows, err := collect[dashboard](ctx, tx, "dashboard", sqlDashboard, c.tenant, c.warehouses)
		if err != nil {
			return err
		}
		d = rows[0]
		d.Alerts, err = collect[alert](ctx, tx, "alerts", sqlAlerts, c.tenant, c.warehouses)
		return err
	})
	return d, err
}
