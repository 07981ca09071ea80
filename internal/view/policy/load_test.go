package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

const guarded = `
tables:
  order:
    roles:
      manager: {}
      picker: {columns: {except: [margin]}, rows: row.warehouse_id in claims.warehouses}
      clerk: {columns: {except: [margin]}}
      all-rows: {rows: 'true'}
    events: [{name: 'order:shipped', on: update, when: "old.status != 'shipped'", data: [id]}]
`

const image = `{"id":1,"warehouse_id":5,"status":"open","customer":"c","total":1,"margin":2,"profit":3}`

// shown is the row as a viewer gets it, empty if it does not.
func shown(v *policy.Viewer, text string) string {
	r := scan(text)
	columns := v.Table(1).Sees(r, nil)
	if columns == nil {
		return ""
	}
	return string(columns.AppendRow(nil, r, nil))
}

// TestFailsClosed: whatever happens to the tables, nobody sees more than when the policy
// was applied.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	stored := resolve(t, guarded, tables())
	const (
		whole   = image
		limited = `{"id":1,"warehouse_id":5,"status":"open","customer":"c","total":1}`
		listed  = `{"id":1,"warehouse_id":5,"status":"open","customer":"c","total":1,"margin":2}`
	)
	for name, test := range map[string]struct {
		change                           func(t *policy.Table)
		manager, picker, clerk, everyRow string
		stale, err                       string
		event                            bool
	}{
		"nothing":      {func(*policy.Table) {}, whole, limited, limited, listed, "", "", true},
		"another stem": {func(t *policy.Table) { t.Stem = "sale" }, whole, limited, limited, listed, "", "", true},
		"a column is added": {
			func(t *policy.Table) {
				t.Columns = append(t.Columns, policy.Column{Name: "profit", Kind: rule.Int, Number: 9})
			},
			whole, limited, limited, listed, `tables.order: the column "profit" was added or renamed`, "", true,
		},
		"a column is renamed": {
			func(t *policy.Table) { t.Columns[5].Name = "profit" }, whole, limited, limited, listed, `the column "profit" was added or renamed`, "", true,
		},
		"a column takes the name of another": {
			func(t *policy.Table) { t.Columns[3].Number, t.Columns[3].Name, t.Columns[5].Name = 3, "c2", "customer" },
			whole, `{"id":1,"warehouse_id":5,"status":"open","total":1}`, `{"id":1,"warehouse_id":5,"status":"open","total":1}`,
			`{"id":1,"warehouse_id":5,"status":"open","total":1,"margin":2}`, `the column "customer" is another one`, "", true,
		},
		"numbers are not known": {
			func(t *policy.Table) {
				for i := range t.Columns {
					t.Columns[i].Number = 0
				}
			}, whole, limited, limited, listed, "", "", true,
		},
		"a column of a rule is dropped": {
			func(t *policy.Table) { t.Columns = slices.Delete(t.Columns, 1, 2) }, whole, "", limited, listed, "",
			`tables.order.roles.picker.rows: at 1:4: there is no column "warehouse_id"`, true,
		},
		"a column of a rule is another one": {
			func(t *policy.Table) { t.Columns[1].Number = 10 }, whole, "", `{"id":1,"status":"open","customer":"c","total":1}`,
			`{"id":1,"status":"open","customer":"c","total":1,"margin":2}`, `the column "warehouse_id" is another one`,
			"tables.order.roles.picker.rows: a column of this name is another one", true,
		},
		"the type of a column does not fit a rule": {
			func(t *policy.Table) { t.Columns[2].Kind = rule.Int }, whole, limited, limited, listed, "", "tables.order.events[0].when: at 1:12: found no matching overload", false,
		},
		"the key is another": {
			func(t *policy.Table) { t.Key = []string{"margin"} }, whole, "", "", listed, "",
			`tables.order.roles.picker: the role does not have the key column "margin"`, true,
		},
		"a column may not be null any more": {func(t *policy.Table) { t.Columns[1].NotNull = true }, whole, limited, limited, listed, "", "", true},
		"a column is excluded":              {func(t *policy.Table) { t.Excluded = append(t.Excluded, "total") }, whole, limited, limited, listed, "", "", true},
		"a column is captured":              {func(t *policy.Table) { t.Excluded = nil }, whole, limited, limited, listed, `the column "card" was added`, "", true},
		"the table is not watched":          {func(t *policy.Table) { t.ID = 7 }, "", "", "", "", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := tables()
			test.change(&now[0])
			p, err := policy.Load(stored, now, &tally{})
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("the error is %v, want %s", err, test.err)
			}
			for role, want := range map[string]string{"manager": test.manager, "picker": test.picker, "clerk": test.clerk, "all-rows": test.everyRow, "": ""} {
				if got := shown(viewer(t, p, role, `{"warehouses":[5]}`), image); got != want {
					t.Errorf("%s sees %s, want %s", role, got, want)
				}
			}
			var stale policy.Problems = p.Stale()
			if (len(stale) == 0) != (test.stale == "") || !strings.Contains(stale.Error(), test.stale) {
				t.Errorf("stale is %v, want %s", stale, test.stale)
			}
			happens := false
			for _, e := range p.Events(1) {
				happens = happens || e.Happens('u', scan(`{"status":"open"}`), scan(image), "T")
			}
			if happens != test.event {
				t.Errorf("the event happens: %t", happens)
			}
		})
	}
}

// TestStoredFormIsUnderstoodOrClosed: of a form that is not understood, nobody sees
// anything.
func TestStoredFormIsUnderstoodOrClosed(t *testing.T) {
	t.Parallel()
	good := string(resolve(t, guarded, tables()))
	for _, text := range []string{
		"", "null", "{}", "[]", "x", good[:len(good)-1], good + "{}", strings.Replace(good, `"version":1`, `"version":2`, 1),
		strings.Replace(good, `"version":1`, `"version":1,"deny":["order"]`, 1), strings.Replace(good, `"rows"`, `"row"`, 1),
		strings.Replace(good, `"tables":[`, `"tables":[{"id":1,"stem":"order","columns":[],"open":true},`, 1),
		`{"version":1,"tables":[{"id":1,"stem":"order","columns":[],"roles":[` + strings.Repeat(`{"name":"manager","all":true},`, 32) + `{"name":"x"}]}]}`,
	} {
		p, err := policy.Load([]byte(text), tables(), &tally{})
		if err == nil || p == nil {
			t.Errorf("%s is understood", text)
			continue
		}
		v := viewer(t, p, "manager", `{}`)
		if got := shown(v, image); got != "" || v.Tag() == "" || !v.Table(1).None() {
			t.Errorf("of %s one sees %s, with the tag %q", text, got, v.Tag())
		}
	}
	if _, err := policy.Load([]byte(good), nil, &tally{}); err != nil {
		t.Errorf("of tables that are not watched: %v", err)
	}
}

func TestZeroPolicyHasNoRules(t *testing.T) {
	t.Parallel()
	v := viewer(t, &policy.Policy{}, "", `{"warehouses":[5]}`)
	if got := shown(v, image); got != image || v.Tag() != "" || !v.Table(1).Everything() || v.Presence().None() {
		t.Errorf("one sees %s, with the tag %q", got, v.Tag())
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	const form = "tables: {order: {roles: {picker: {rows: '%'}, manager: {}}}}"
	first := load(t, strings.ReplaceAll(form, "%", "row.warehouse_id in claims.app.warehouses"), &tally{})
	v := viewer(t, first, "picker", `{"app":{"warehouses":[5],"region":"eu"},"sub":"x"}`)
	for rows, want := range map[string]error{
		"row.warehouse_id in claims.app.warehouses":                   nil,
		"row.warehouse_id == claims.app.warehouses[0] && row.id == 1": nil,
		"row.id == 1":                       nil,
		"row.customer == claims.app.region": policy.ErrClaims,
		"row.customer == claims.sub":        policy.ErrClaims,
		"has(claims.app)":                   policy.ErrClaims,
	} {
		next, err := load(t, strings.ReplaceAll(form, "%", rows), &tally{}).Renew(v, "T", []string{"picker"})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", rows, err, want)
		}
		if err == nil && shown(next, image) == "" {
			t.Errorf("%s: the session sees nothing", rows)
		}
		if next, err = load(t, strings.ReplaceAll(form, "%", rows), &tally{}).Renew(v, "T", []string{"manager"}); err != nil || next.Tag() != "" {
			t.Errorf("%s: as a manager: %v", rows, err)
		}
	}
}
