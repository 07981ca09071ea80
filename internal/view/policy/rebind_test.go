package policy_test

import (
	"testing"

	"rowcast/internal/view/policy"
)

// TestRebind: rules follow a table that has another number, and one that took its place
// under its name. Nobody sees more of it than of the table that had the rules.
func TestRebind(t *testing.T) {
	t.Parallel()
	const text = "tables: {order: {roles: {picker: {columns: {only: [id, status]}}, '*': none}}, presence: {roles: {'*': none}}}"
	stored := resolve(t, text, tables())
	for name, test := range map[string]struct {
		moved map[int64]int64
		id    int64 // of the table that is watched as order now
		bound []int64
		open  int64
	}{
		"as it was": {nil, 1, []int64{1}, 5},
		"restored":  {map[int64]int64{1: 7}, 7, []int64{7}, 1},
		"replaced":  {nil, 7, []int64{1, 7}, 5},
	} {
		now := tables()
		now[0].ID = test.id
		rebound, err := policy.Rebind(stored, test.moved, now)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Load(rebound, now, &tally{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, id := range test.bound {
			if !p.Rules(id) || !viewer(t, p, "driver", `{}`).Table(id).None() {
				t.Errorf("%s: table %d is open", name, id)
			}
		}
		a := viewer(t, p, "picker", `{}`).Table(test.id)
		if given := a.Given(); len(given) != 1 || given[0].Role != "picker" || given[0].Rows != "" || given[0].Columns.Has("total") || !given[0].Columns.Has("status") {
			t.Errorf("%s: a picker is given %+v", name, given)
		}
		if p.Rules(test.open) || !viewer(t, p, "driver", `{}`).Presence().None() {
			t.Errorf("%s: table %d has rules, or presence has none", name, test.open)
		}
	}
	// What was logged of a table that is gone may have had rules.
	p := load(t, text, &tally{})
	for _, role := range []string{"picker", "driver"} {
		v := viewer(t, p, role, `{}`)
		if !v.Table(9).None() || !v.Table(2).Everything() {
			t.Errorf("%s sees a table that is gone: %t; one without rules: %t", role, !v.Table(9).None(), v.Table(2).Everything())
		}
	}
	if p = load(t, "tables: {order: {roles: {'*': {}}}}", &tally{}); !viewer(t, p, "driver", `{}`).Table(9).Everything() {
		t.Error("who sees everything does not see a table that is gone")
	}
	for _, unreadable := range []string{"", "{}", `{"version":2,"tables":[]}`} {
		rebound, err := policy.Rebind([]byte(unreadable), nil, tables())
		if err != nil || string(rebound) != unreadable {
			t.Errorf("%q becomes %q, %v", unreadable, rebound, err)
		}
		if p, err := policy.Load(rebound, tables(), &tally{}); err == nil || !p.Rules(1) {
			t.Errorf("%q is open: %v", unreadable, err)
		}
	}
}
