package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
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

// lines are skus and how many of each, in the form the queries take.
type lines struct {
	skus  []string
	units []int32
}

// placeOrder: a customer orders something that is in stock, and it is taken
// off the shelf.
func (t *turn) placeOrder(ctx context.Context) (bool, error) {
	l, err := t.choose(ctx, 1+t.rng.IntN(maxLines))
	if err != nil || len(l.skus) == 0 {
		return false, err
	}
	var id, number string
	row := t.QueryRow(ctx, sqlOrderInsert, t.tenant, t.customer(), l.skus, l.units)
	if err := row.Scan(&id, &number); err != nil {
		return false, fmt.Errorf("insert order: %w", err)
	}
	if _, err := t.Exec(ctx, sqlOrderItemsInsert, t.tenant, id, l.skus, l.units); err != nil {
		return false, fmt.Errorf("insert items of order %s: %w", number, err)
	}
	for i := range l.units {
		l.units[i] = -l.units[i]
	}
	return true, t.move(ctx, l, "sale", "customer order", number)
}

// choose takes up to n skus into the basket, and no more units than there are.
func (t *turn) choose(ctx context.Context, n int) (lines, error) {
	shelf, err := t.ids(ctx, sqlSkusInStock, t.tenant)
	if err != nil {
		return lines{}, fmt.Errorf("read skus in stock: %w", err)
	}
	t.rng.Shuffle(len(shelf), func(i, j int) { shelf[i], shelf[j] = shelf[j], shelf[i] })
	rows, err := t.Query(ctx, sqlSkusLock, t.tenant, shelf[:min(n, len(shelf))])
	if err != nil {
		return lines{}, fmt.Errorf("lock skus: %w", err)
	}
	var l lines
	var sku string
	var left int32
	_, err = pgx.ForEachRow(rows, []any{&sku, &left}, func() error {
		if left > 0 {
			l.skus = append(l.skus, sku)
			l.units = append(l.units, min(left, 1+t.rng.Int32N(maxUnits)))
		}
		return nil
	})
	if err != nil {
		return lines{}, fmt.Errorf("lock skus: %w", err)
	}
	return l, nil
}

func (t *turn) processOrder(ctx context.Context) (bool, error) {
	_, _, ok, err := t.advanceOrder(ctx, "pending", "processing", minPending)
	return ok, err
}

func (t *turn) fulfilOrder(ctx context.Context) (bool, error) {
	_, _, ok, err := t.advanceOrder(ctx, "processing", "fulfilled", minProcessing)
	return ok, err
}

// cancelOrder: a customer has second thoughts, and the goods go back on the
// shelf.
func (t *turn) cancelOrder(ctx context.Context) (bool, error) {
	from := "pending"
	if t.rng.IntN(3) == 0 {
		from = "processing"
	}
	id, number, ok, err := t.advanceOrder(ctx, from, "cancelled", 0)
	if err != nil || !ok {
		return false, err
	}
	if _, err := t.Exec(ctx, sqlOrderReturn, t.tenant, id, number, t.user); err != nil {
		return false, fmt.Errorf("return goods of order %s: %w", number, err)
	}
	return true, nil
}

// advanceOrder moves one of the orders in a status to the next, if more than
// keep of them wait.
func (t *turn) advanceOrder(ctx context.Context, from, to string, keep int) (id, number string, ok bool, err error) {
	id, ok, err = t.pick(ctx, sqlOrdersInStatus, t.tenant, from, keep)
	if err != nil {
		return "", "", false, fmt.Errorf("read %s orders: %w", from, err)
	}
	if !ok {
		return "", "", false, nil
	}
	err = t.QueryRow(ctx, sqlOrderSetStatus, t.tenant, id, from, to).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, fmt.Errorf("move order %s to %s: %w", id, to, err)
	}
	return id, number, true, nil
}

// archive removes what was closed long ago.
func (t *turn) archive(ctx context.Context) (bool, error) {
	orders, err := t.Exec(ctx, sqlOrdersArchive, t.tenant, keepClosedOrders)
	if err != nil {
		return false, fmt.Errorf("remove closed orders: %w", err)
	}
	purchases, err := t.Exec(ctx, sqlPurchaseOrdersArchive, t.tenant, keepClosedPurchaseOrders)
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
