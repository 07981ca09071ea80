package servetest

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/test/pgtest"
)

// Inventory is a database as Database makes it, with sessions that write to it.
type Inventory struct {
	DSN string
	DB  *pgxpool.Pool
}

// NewInventory makes a database.
func NewInventory(t testing.TB) *Inventory {
	t.Helper()
	dsn := Database(t)
	return &Inventory{dsn, pgtest.Pool(t, dsn, "writer", 8)}
}

// Tenant is one of an inventory.
type Tenant struct {
	*Inventory
	ID string
}

// NewTenant makes a database with one tenant.
func NewTenant(t testing.TB) *Tenant {
	t.Helper()
	return NewInventory(t).NewTenant(t)
}

// NewTenant makes a tenant without rows.
func (i *Inventory) NewTenant(t testing.TB) *Tenant {
	t.Helper()
	return &Tenant{i, pgtest.Query[string](t, i.DB, `insert into tenants (slug, name) values ('t' || md5(random()::text), 'T') returning id`)}
}

// Exec executes statements one after the other, with $1 as the tenant.
func (x *Tenant) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		var args []any
		if strings.Contains(statement, "$1") {
			args = []any{x.ID}
		}
		pgtest.ExecWith(t, x.DB, statement, args...)
	}
}

// Statements with one change for each order of the tenant, the first with one.
const (
	InsertOrder = `insert into orders (tenant_id, customer) values ($1, 'C')`
	NextStatus  = `update orders set status = case status when 'pending' then 'processing' else 'pending' end where tenant_id = $1`
)
