package inventory

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The tenants that Seed makes.
const (
	AcmeID     = "ac3e0000-0000-4000-8000-000000000001"
	BorealisID = "b0ea1150-0000-4000-8000-000000000002"
)

// Tenant is a business that uses the application.
type Tenant struct {
	ID, Name string
	// Users are the people of the tenant, owners first.
	Users []User
}

// User is a person who works for a tenant.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// Role is "owner", "manager", "clerk", "picker" or "viewer".
	Role string `json:"role"`
	// Warehouses are those of a picker.
	Warehouses []string `json:"warehouses,omitempty"`
}

//go:embed seed.sql
var seedSQL string

// Seed makes the two tenants of the demo with their data, unless one of them
// exists, and returns them as they are in the database.
func Seed(ctx context.Context, conn *pgx.Conn) ([]Tenant, error) {
	ids := []string{AcmeID, BorealisID}
	var tenants []Tenant
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// One process seeds; the others wait here and find its tenants.
		if _, err := tx.Exec(ctx, "lock table public.tenants in share row exclusive mode"); err != nil {
			return fmt.Errorf("lock tenants: %w", err)
		}
		var seeded bool
		row := tx.QueryRow(ctx, "select exists (select from public.tenants where id = any ($1::uuid[]))", ids)
		if err := row.Scan(&seeded); err != nil {
			return fmt.Errorf("look for tenants: %w", err)
		}
		if !seeded {
			// The simple protocol takes the whole script at once.
			if _, err := tx.Exec(ctx, seedSQL, pgx.QueryExecModeSimpleProtocol); err != nil {
				return fmt.Errorf("run seed.sql: %w", err)
			}
		}
		var err error
		tenants, err = readTenants(ctx, tx, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("seed inventory: %w", err)
	}
	return tenants, nil
}

func readTenants(ctx context.Context, tx pgx.Tx, ids []string) ([]Tenant, error) {
	rows, err := tx.Query(ctx, "select id, name from public.tenants where id = any ($1::uuid[]) order by name", ids)
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	tenants, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Tenant, error) {
		var t Tenant
		err := row.Scan(&t.ID, &t.Name)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	for i := range tenants {
		if tenants[i].Users, err = ReadUsers(ctx, tx, tenants[i].ID); err != nil {
			return nil, err
		}
	}
	return tenants, nil
}

// ReadUsers reads the people of a tenant, owners first.
func ReadUsers(ctx context.Context, tx pgx.Tx, tenant string) ([]User, error) {
	rows, err := tx.Query(ctx, sqlUsers, tenant)
	if err != nil {
		return nil, fmt.Errorf("read users of tenant %s: %w", tenant, err)
	}
	users, err := pgx.CollectRows(rows, pgx.RowToStructByName[User])
	if err != nil {
		return nil, fmt.Errorf("read users of tenant %s: %w", tenant, err)
	}
	return users, nil
}
