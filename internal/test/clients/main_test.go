package clients_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/postgres"
	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) {
	// The tests wait most of the time. The command line may say otherwise.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	servetest.Main(m)
}

// env is a database with a tenant.
type env struct {
	dsn, tenant string
	db          *pgxpool.Pool
}

func newEnv(t *testing.T) *env {
	t.Helper()
	s := &env{dsn: servetest.Database(t)}
	var err error
	if s.db, err = postgres.Open(t.Context(), s.dsn, "writer", 4); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.db.Close)
	s.tenant = s.newTenant(t)
	return s
}

// newTenant makes a tenant and answers its id.
func (s *env) newTenant(t *testing.T) (id string) {
	t.Helper()
	err := s.db.QueryRow(t.Context(), `insert into tenants (slug, name) values ('t' || md5(random()::text), 'T') returning id`).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// exec runs statements one after the other, with $1 as the tenant.
func (s *env) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.db.Exec(t.Context(), statement, s.tenant); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Statements with one change for each order of the tenant, the first with one.
const (
	insertOrder = `insert into orders (tenant_id, customer) values ($1, 'C')`
	nextStatus  = `update orders set status = case status when 'pending' then 'processing' else 'pending' end where tenant_id = $1`
)

// insertNamed is insertOrder for a customer.
func insertNamed(customer string) string {
	return `insert into orders (tenant_id, customer) values ($1, '` + customer + `')`
}
