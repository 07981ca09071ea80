package gen_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"rowcast/internal/mapping"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/web/gen"
)

var update = flag.Bool("update", false, "write the file instead of comparing it")

// The files that are generated.
const (
	target  = "../client/src/events.gen.ts"
	changes = "../app/src/live/changes.gen.ts"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// inventory reads the tables of the reference schema.
func inventory(t *testing.T) []gen.Table {
	t.Helper()
	dsn := pgtest.Database(t)
	pgtest.Migrate(t, dsn, pgtest.WithInventory)
	return read(t, pgtest.Connect(t, dsn))
}

func read(t *testing.T, conn *pgx.Conn) []gen.Table {
	t.Helper()
	tables, err := gen.Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func TestEventTypesDoNotDrift(t *testing.T) {
	t.Parallel()
	tables := inventory(t)
	for path, want := range map[string][]byte{target: gen.Client(tables), changes: gen.Changes(tables)} {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(have)); diff != "" {
			t.Errorf("%s is not what the catalogue and the schema say; run go generate ./internal/web/... (-want +have):\n%s", path, diff)
		}
	}
}

// TestEveryChangeIsListed: each change of a table makes one event that says what
// became of its rows.
func TestEveryChangeIsListed(t *testing.T) {
	t.Parallel()
	text := string(gen.Changes(inventory(t)))
	for _, table := range []string{"stock_movements", "orders", "purchase_orders", "skus"} {
		for says, want := range map[string]int{"insert": 1, "update": 1, "delete": 1, "replay": 1, "unknown": 3} {
			if n := strings.Count(text, `{ table: "`+table+`", says: "`+says+`" }`); n != want {
				t.Errorf("%s: %d events say %s, want %d, in\n%s", table, n, says, want, text)
			}
		}
	}
	for _, name := range []string{"order:status-changed", "stock:adjusted", "alert:low-stock", "dashboard:stats-updated"} {
		if strings.Contains(text, name) {
			t.Errorf("%s goes with another event, and is listed", name)
		}
	}
}

func TestEveryEventHasAType(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, r := range mapping.Catalogue() {
		name := strings.TrimPrefix(r.Event, "<name>:")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, `  "`+name+`": `) }) {
			t.Errorf("%s has no type", r.Event)
		}
		listed := slices.Contains(lines, `  "`+r.Event+`",`)
		if general := strings.HasPrefix(r.Event, "<name>:"); listed == general {
			t.Errorf("%s is among the names: %t", r.Event, listed)
		}
	}
	if strings.Contains(string(text), ": unknown") || strings.Contains(string(text), ": null;") {
		t.Error("something has no type of its own")
	}
}

// TestMissingColumns: an event that never comes has no type, and a field without its column
// is null.
func TestMissingColumns(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t, `create table skus (id int primary key, tenant_id text, quantity int, low_stock_threshold int)`, `select rowcast.watch('skus')`,
		`create table orders (id int primary key, tenant_id text)`, `select rowcast.watch('orders')`)
	text := string(gen.Types(read(t, s.Conn)))
	if !strings.Contains(text, `"alert:low-stock": { skuId: number; sku: null; quantity: number | null; threshold: number | null };`) {
		t.Errorf("no alert in\n%s", text)
	}
	if strings.Contains(text, "status-changed") {
		t.Errorf("orders have no status in\n%s", text)
	}
}
