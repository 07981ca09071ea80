package policy_test

import (
	"encoding/json"
	"fmt"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

// A picker sees the orders of its warehouses, without what they cost.
func Example() {
	file := []byte(`
tables:
  order:
    roles:
      manager: {}
      picker:
        columns: {except: [total]}
        rows: row.warehouse_id in claims.warehouses
`)
	tables := []policy.Table{{ID: 1, Stem: "order", Key: []string{"id"}, Columns: []policy.Column{
		{Name: "id", Type: "bigint", Kind: rule.Int, NotNull: true},
		{Name: "warehouse_id", Type: "bigint", Kind: rule.Int},
		{Name: "total", Type: "numeric", Kind: rule.Numeric},
	}}}
	d, err := policy.Parse(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := policy.Resolve(d, tables) // when it is applied
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := policy.Load(stored, tables, &tally{}) // in each server
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := p.Viewer("acme", []string{"picker"}, map[string]any{"warehouses": []any{json.Number("5")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	before := row.Scan([]byte(`{"warehouse_id":4}`), nil)
	after := row.Scan([]byte(`{"id":1,"warehouse_id":5,"total":99.50}`), nil)
	decision := v.Table(1).Decide(&policy.Question{Op: feed.Update, Before: &before, After: &after})
	fmt.Println(decision.Was, decision.Is, string(decision.New.AppendRow(nil, &after, nil)))
	// Output: false true {"id":1,"warehouse_id":5}
}
