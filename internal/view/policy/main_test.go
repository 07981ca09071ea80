package policy_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/feed/row"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tally counts failed conditions.
type tally struct {
	mu    sync.Mutex
	rules map[string]int
}

func (c *tally) RuleFailed(stem, role string) { c.add(stem + "/" + role) }
func (c *tally) EventFailed(name string)      { c.add(name) }

func (c *tally) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules == nil {
		c.rules = map[string]int{}
	}
	c.rules[name]++
}

// orders and skus are the watched tables of the tests.
func tables() []policy.Table {
	return []policy.Table{
		{ID: 1, Stem: "order", Key: []string{"id"}, Excluded: []string{"card"}, Events: []string{"order:created", "order:status-changed"}, Columns: []policy.Column{
			{Name: "id", Type: "bigint", Kind: rule.Int, NotNull: true, Number: 1},
			{Name: "warehouse_id", Type: "bigint", Kind: rule.Int, Number: 2},
			{Name: "status", Type: "text", Kind: rule.Text, Number: 3},
			{Name: "customer", Type: "text", Kind: rule.Text, Number: 4},
			{Name: "total", Type: "numeric", Kind: rule.Numeric, Number: 5},
			{Name: "margin", Type: "numeric", Kind: rule.Numeric, Number: 6},
			{Name: "card", Type: "text", Kind: rule.Text, Number: 7},
		}},
		{ID: 2, Stem: "sku", Columns: []policy.Column{{Name: "name", Type: "text", Kind: rule.Text, Number: 1}, {Name: "cost", Type: "numeric", Kind: rule.Numeric, Number: 2}}},
	}
}

func resolve(t testing.TB, text string, tables []policy.Table) []byte {
	t.Helper()
	d, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := policy.Resolve(d, tables)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// load is a policy of its text, for the same tables.
func load(t testing.TB, text string, counter policy.Counter) *policy.Policy {
	t.Helper()
	p, err := policy.Load(resolve(t, text, tables()), tables(), counter)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func claims(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var c map[string]any
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func viewer(t testing.TB, p *policy.Policy, held, of string) *policy.Viewer {
	t.Helper()
	v, err := p.Viewer("T", strings.Fields(held), claims(t, of))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func scan(text string) *row.Row {
	r := row.Scan([]byte(text), nil)
	return &r
}
