package inventory

import (
	"context"
	"fmt"
)

const (
	maxLines = 3 // skus in one order
	maxUnits = 4 // units of one sku in one order

	// So many orders always wait, as in any shop in the middle of the day.
	minPending    = 4
	minProcessing = 2

	keepClosedOrders         = 300
	keepClosedPurchaseOrders = 60
)

// placeOrder: a customer orders something that is in stock.
func (t *turn) placeOrder(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1+t.rng.IntN(maxLines))
	if err != nil || len(l.SKUs) == 0 {
		return false, err
	}
	_, err = t.PlaceOrder(ctx, t.customer(), l)
	return yields(err)
}

// choose takes up to n skus into the basket, and no more units than there are.
func (t *turn) choose(ctx context.Context, n int) (Lines, error) {
	shelf, err := t.ids(ctx, sqlSkusInStock, t.Tenant)
	if err != nil {
		return Lines{}, fmt.Errorf("read skus in stock: %w", err)
	}
	t.rng.Shuffle(len(shelf), func(i, j int) { shelf[i], shelf[j] = shelf[j], shelf[i] })
	found, err := t.lockStock(ctx, shelf[:min(n, len(shelf))])
	if err != nil {
		return Lines{}, err
	}
	var l Lines
	for _, s := range found {
		if s.Left > 0 {
			l.SKUs = append(l.SKUs, s.ID)
			l.Units = append(l.Units, min(s.Left, 1+t.rng.Int32N(maxUnits)))
		}
	}
	return l, nil
}

func (t *turn) processOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.ProcessOrder, sqlOrdersInStatus, t.Tenant, "pending", minPending)
}

func (t *turn) fulfilOrder(ctx context.Context) (bool, error) {
	return t.withOne(ctx, t.FulfilOrder, sqlOrdersReady, t.Tenant, minProcessing)
}

// cancelOrder: a customer has second thoughts.
func (t *turn) cancelOrder(ctx context.Context) (bool, error) {
	from := "pending"
	if t.rng.IntN(3) == 0 {
		from = "processing"
	}
	return t.withOne(ctx, t.CancelOrder, sqlOrdersInStatus, t.Tenant, from, 0)
}

// archive removes what was closed long ago.
func (t *turn) archive(ctx context.Context) (bool, error) {
	orders, err := t.Exec(ctx, sqlOrdersArchive, t.Tenant, keepClosedOrders)
	if err != nil {
		return false, fmt.Errorf("remove closed orders: %w", err)
	}
	purchases, err := t.Exec(ctx, sqlPurchaseOrdersArchive, t.Tenant, keepClosedPurchaseOrders)
	if err != nil {
		return false, fmt.Errorf("remove closed purchase orders: %w", err)
	}
	return orders.RowsAffected()+purchases.RowsAffected() > 0, nil
}

// customer makes up a name.
func (t *turn) customer() string {
	first := [...]string{
		"Amina", "Bjarne", "Camille", "Dario", "Elif", "Femke", "Gareth", "Hana", "Ingrid", "João",
		"Katya", "Luca", "Maeve", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Thandi",
	}
	last := [...]string{
		"Abe", "Bergström", "Castellano", "Dlamini", "Eriksen", "Fontaine", "Gallagher", "Horvat", "Ivanova",
		"Jansen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "O’Neill", "Petrov", "Quist", "Rossi", "Silva", "Yilmaz",
	}
	return first[t.rng.IntN(len(first))] + " " + last[t.rng.IntN(len(last))]
}
