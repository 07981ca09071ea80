package demo

import (
	"slices"
	"strings"
	"testing"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/feed/row"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// counter counts the conditions that failed.
type counter struct{ failed int }

func (c *counter) RuleFailed(string, string) { c.failed++ }
func (c *counter) EventFailed(string)        { c.failed++ }

func state(t *testing.T, db store.Database) *store.State {
	t.Helper()
	s, err := store.Active(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPolicy holds that pickers see no money of any table, and the orders and skus of
// their warehouses alone. Everybody else sees everything.
func TestPolicy(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	pgtest.Migrate(t, dsn, pgtest.WithInventory)
	db := pgtest.Connect(t, dsn)
	if err := rule(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	failed := &counter{}
	p, err := state(t, db).Load(failed)
	if err != nil {
		t.Fatal(err)
	}
	as := func(role string) *policy.Viewer {
		v, err := p.Viewer(inventory.AcmeID, []string{role}, map[string]any{"warehouses": []any{"main"}})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tables := state(t, db).Tables
	if len(tables) != 4 {
		t.Fatalf("%d tables are watched", len(tables))
	}
	for _, table := range tables {
		for _, role := range []string{"owner", "manager", "clerk", "viewer"} {
			if !as(role).Table(table.ID).Everything() {
				t.Errorf("a %s does not see all of %s", role, table.Name)
			}
		}
		for _, role := range []string{"", "guest", "*"} {
			if !as(role).Table(table.ID).None() {
				t.Errorf("the role %q sees something of %s", role, table.Name)
			}
		}
		seen := as("picker").Table(table.ID)
		if listed := table.Stem == "order" || table.Stem == "sku"; seen.None() == listed || seen.Everything() {
			t.Errorf("a picker sees of %s: none is %t, everything is %t", table.Name, seen.None(), seen.Everything())
			continue
		} else if !listed {
			continue
		}
		for _, column := range table.Columns {
			if money := strings.HasPrefix(column.Type, "numeric"); money == slices.Contains(seen.Columns().Names(), column.Name) {
				t.Errorf("%s.%s, a %s: it is among %v", table.Name, column.Name, column.Type, seen.Columns().Names())
			}
		}
		for warehouse, visible := range map[string]bool{"main": true, "annex": false} {
			image := row.Scan([]byte(`{"id":"x","warehouse":"`+warehouse+`"}`), nil)
			if (seen.Sees(&image, nil) != nil) != visible {
				t.Errorf("a row of %s in the warehouse %s: seen is %t", table.Name, warehouse, !visible)
			}
		}
	}
	if failed.failed > 0 {
		t.Errorf("%d conditions failed", failed.failed)
	}
}

func TestPolicyOfKeptDataStays(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	pgtest.Migrate(t, dsn, pgtest.WithInventory)
	db := pgtest.Connect(t, dsn)
	for range 2 {
		if err := rule(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	if s := state(t, db); s.Applied.Document != policyFile || s.Applied.Version != 1 {
		t.Errorf("in force is policy %d", s.Applied.Version)
	}
	mine := `{"tables": {"order": {"roles": {"owner": {}}}}}`
	if _, err := store.Apply(t.Context(), db, mine); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Settle(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := rule(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if s := state(t, db); s.Applied.Document != mine {
		t.Errorf("in force is:\n%s", s.Applied.Document)
	}
	pgtest.Exec(t, db, "select rowcast.drop_policy()")
	if err := rule(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if s := state(t, db); s.Applied != nil {
		t.Errorf("a policy that was dropped is in force again")
	}
}
