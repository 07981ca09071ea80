package gen_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"

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

func TestEventTypesDoNotDrift(t *testing.T) {
	t.Parallel()
	tables := tables(t, schema(t))
	types, err := gen.Write(mapping.Catalogue(), tables)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{target: types, changes: gen.WriteChanges(mapping.Catalogue(), tables)} {
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
	text := string(gen.WriteChanges(mapping.Catalogue(), nil))
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

func TestColumnTypes(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{
		"integer": "number", "bigint": "number | string", "numeric": "number | string", "numeric(12,2)": "number",
		"numeric(20,2)": "number | string", "boolean": "boolean", "uuid": "string", "timestamp with time zone": "string",
		"jsonb": "unknown", "text[]": "unknown[]",
	} {
		text, err := gen.Write(nil, []gen.Table{{Name: "things", Columns: []gen.Column{{Name: "a", Type: column}, {Name: "b", Type: column, Nullable: true}}}})
		if err != nil {
			t.Fatal(err)
		}
		if member := "export interface Thing {\n  a: " + want + ";\n  b: " + want + " | null;\n}\n"; !strings.Contains(string(text), member) {
			t.Errorf("%s: no\n%s in\n%s", column, member, text)
		}
	}
}

func TestMissingColumnIsAnError(t *testing.T) {
	t.Parallel()
	_, err := gen.Write(mapping.Catalogue(), []gen.Table{{Name: "stock_movements"}})
	if err == nil || !strings.Contains(err.Error(), "stock_movements has no column sku_id") {
		t.Errorf("error %v", err)
	}
}

// TestColumnTypesAreThoseOfTheWire compares the types with a row as PostgreSQL
// writes it.
func TestColumnTypesAreThoseOfTheWire(t *testing.T) {
	t.Parallel()
	conn := schema(t)
	var text []byte
	err := conn.QueryRow(t.Context(), `
		with t as (insert into tenants (slug, name) values ('t', 'T') returning id),
		     o as (insert into orders (tenant_id, customer, total) select id, 'C', 9999999999.99 from t returning *)
		select row_to_json(o) from o`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	var row map[string]any
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	_, order, _ := strings.Cut(string(file), "export interface Order {\n")
	order, _, _ = strings.Cut(order, "}")
	for name, value := range row {
		kind := "string"
		if _, ok := value.(float64); ok {
			kind = "number"
		}
		if !strings.Contains(order, "  "+name+": "+kind+";\n") {
			t.Errorf("%s is a %s on the wire", name, kind)
		}
	}
}

// schema is a database with the reference schema.
func schema(t *testing.T) *pgx.Conn {
	t.Helper()
	dsn := pgtest.Database(t)
	pgtest.Inventory(t, dsn)
	return pgtest.Connect(t, dsn)
}

// tables are those of the catalogue, in the order of their rules.
func tables(t *testing.T, conn *pgx.Conn) (all []gen.Table) {
	t.Helper()
	for _, r := range mapping.Catalogue() {
		if r.Table == "" || r.Table == "*" || slices.ContainsFunc(all, func(known gen.Table) bool { return known.Name == r.Table }) {
			continue
		}
		rows, err := conn.Query(t.Context(), `
			select attname as name, format_type(atttypid, atttypmod) as type, not attnotnull as nullable
			  from pg_attribute
			 where attrelid = to_regclass('public.' || quote_ident($1)) and attnum > 0 and not attisdropped
			 order by attnum`, r.Table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := pgx.CollectRows(rows, pgx.RowToStructByName[gen.Column])
		if err != nil {
			t.Fatal(err)
		}
		if len(columns) == 0 {
			t.Fatalf("the reference schema has no table %s", r.Table)
		}
		all = append(all, gen.Table{Name: r.Table, Columns: columns})
	}
	return all
}
