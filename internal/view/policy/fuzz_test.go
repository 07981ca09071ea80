package policy_test

import (
	"testing"

	"rowcast/internal/feed"
	"rowcast/internal/view/policy"
)

// FuzzPolicy reads, resolves, loads and asks whatever it is given. Its corpus is kept
// below testdata.
func FuzzPolicy(f *testing.F) {
	f.Add(guarded)
	f.Add(`{"tables": {"order": {"roles": {"*": {"columns": {"only": ["id"]}, "rows": "row.total != null && num(row.total) > 5"}}}}}`)
	f.Add("tables: {sku: {events: [{name: 'sku:x', on: [insert, delete], when: \"row.name.matches('^a') || size(row.name) > 3\", data: [name]}]}}")
	f.Add("tables: {presence: {roles: {x: none, '*': {columns: {except: [topics]}}}}}")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse([]byte(text))
		if err != nil {
			return
		}
		stored, err := policy.Resolve(d, tables())
		if err != nil {
			return
		}
		p, err := policy.Load(stored, tables(), &tally{})
		if err != nil {
			t.Fatalf("%s resolves to %s, of which Load says %v", text, stored, err)
		}
		before, after := scan(`{"status":"open","total":NaN}`), scan(image)
		for _, roles := range [][]string{nil, {"picker"}, {"picker", "clerk"}} {
			v, err := p.Viewer("T", roles, claims(t, `{"warehouses":[5,"x",null],"app":{"a":1.5}}`))
			if err != nil {
				continue
			}
			for id := range int64(4) {
				decision := v.Table(id).Decide(&policy.Question{Op: feed.Update, Before: before, After: after})
				decision.New.AppendRow(nil, after, nil)
				decision.Old.AppendRow(nil, before, after)
				for _, e := range p.Events(id) {
					e.Happens(feed.Update, before, after, "T")
					e.AppendData(nil, decision.New, after)
				}
			}
		}
	})
}
