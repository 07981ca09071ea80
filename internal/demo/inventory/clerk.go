package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNotFound: the tenant has no such thing. Those of other tenants do not exist.
var ErrNotFound = errors.New("not found")

// ConflictError refuses what the state of things does not allow.
type ConflictError struct {
	// Reason is a sentence for people without its period.
	Reason string
}

func (c *ConflictError) Error() string { return c.Reason }

// Lines are skus, each at most once, and how many of each, in the form the
// queries take.
type Lines struct {
	SKUs  []string
	Units []int32
}

// Clerk does the business of one tenant in a transaction. Its methods refuse
// with ErrNotFound or a *ConflictError before they write anything; after any
// other error the transaction is lost. Ids are uuids in text form.
type Clerk struct {
	pgx.Tx
	Tenant string
	// User is who acts; nil if it is no user of the tenant.
	User *string
}

// document is what orders and purchase orders have in common: a number, and a
// status that goes one way.
type document struct {
	// name is "order" or "purchase order".
	name string
	// lock reads number and status, set writes the status.
	lock, set string
}

// take locks a document that is in one of the statuses in from, and returns its
// number. verb is what is about to happen to it, for the refusal.
func (c *Clerk) take(ctx context.Context, d document, id, verb string, from ...string) (number string, err error) {
	var status string
	err = c.QueryRow(ctx, d.lock, c.Tenant, id).Scan(&number, &status)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", fmt.Errorf("%s %s: %w", d.name, id, ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("lock %s %s: %w", d.name, id, err)
	case !slices.Contains(from, status):
		return "", &ConflictError{fmt.Sprintf("%s %s is %s; to be %s it has to be %s", d.name, number, status, verb, strings.Join(from, " or "))}
	}
	return number, nil
}

func (c *Clerk) setStatus(ctx context.Context, d document, id, status string) error {
	if _, err := c.Exec(ctx, d.set, c.Tenant, id, status); err != nil {
		return fmt.Errorf("set the status of %s %s to %s: %w", d.name, id, status, err)
	}
	return nil
}

// advance moves a document from one of several statuses to the next.
func (c *Clerk) advance(ctx context.Context, d document, id, to string, from ...string) error {
	if _, err := c.take(ctx, d, id, to, from...); err != nil {
		return err
	}
	return c.setStatus(ctx, d, id, to)
}

// stock is what there is of a sku.
type stock struct {
	ID, SKU string
	Left    int32
}

// lockStock locks the skus and reads what is left of them. Those that the tenant does
// not have are an error.
func (c *Clerk) lockStock(ctx context.Context, skus []string) ([]stock, error) {
	rows, err := c.Query(ctx, sqlSkusLock, c.Tenant, skus)
	if err != nil {
		return nil, fmt.Errorf("lock skus: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[stock])
	if err != nil {
		return nil, fmt.Errorf("lock skus: %w", err)
	}
	for _, sku := range skus {
		if !slices.ContainsFunc(found, func(s stock) bool { return strings.EqualFold(s.ID, sku) }) {
			return nil, fmt.Errorf("sku %s: %w", sku, ErrNotFound)
		}
	}
	return found, nil
}
