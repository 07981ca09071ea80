package clients_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

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

// Statements with one change for each order of the tenant, the first with one.
const (
	insertOrder = servetest.InsertOrder
	nextStatus  = servetest.NextStatus
)

// insertNamed is insertOrder for a customer.
func insertNamed(customer string) string {
	return `insert into orders (tenant_id, customer) values ($1, '` + customer + `')`
}
