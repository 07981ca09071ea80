package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/view/policy"
)

// TestRoles: each role decides for itself, and * is for a session that has none of the
// roles that are named.
func TestRoles(t *testing.T) {
	t.Parallel()
	p := load(t, `
tables:
  order:
    roles:
      manager: {}
      picker: {columns: {only: [id, status]}, rows: row.warehouse_id == 5}
      analyst: {columns: {only: [id, total]}, rows: row.status == 'closed'}
      clerk: {columns: {only: [id]}}
      blocked: none
      "*": {columns: {only: [id, customer]}}
`, &tally{})
	const open, closed, other = `{"id":1,"warehouse_id":5,"status":"open","customer":"c","total":1}`,
		`{"id":1,"warehouse_id":5,"status":"closed","customer":"c","total":1}`, `{"id":1,"warehouse_id":6,"status":"open","customer":"c","total":1}`
	for _, test := range []struct{ roles, open, closed, other string }{
		{"manager", open, closed, other},
		{"picker manager", open, closed, other},
		{"picker", `{"id":1,"status":"open"}`, `{"id":1,"status":"closed"}`, ""},
		{"analyst", "", `{"id":1,"total":1}`, ""},
		{"picker analyst", `{"id":1,"status":"open"}`, `{"id":1,"status":"closed","total":1}`, ""},
		{"picker analyst clerk", `{"id":1,"status":"open"}`, `{"id":1,"status":"closed","total":1}`, `{"id":1}`},
		{"blocked", "", "", ""},
		{"blocked picker", `{"id":1,"status":"open"}`, `{"id":1,"status":"closed"}`, ""},
		{"", `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`},
		{"driver", `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`},
		{"*", `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`, `{"id":1,"customer":"c"}`},
		{"* blocked", "", "", ""},
	} {
		v := viewer(t, p, test.roles, `{}`)
		if diff := cmp.Diff([]string{test.open, test.closed, test.other}, []string{shown(v, open), shown(v, closed), shown(v, other)}); diff != "" {
			t.Errorf("%q: %s", test.roles, diff)
		}
	}
	v := viewer(t, p, "picker analyst", `{}`)
	if diff := cmp.Diff([]string{"id", "status", "total"}, v.Table(1).Columns().Names()); diff != "" {
		t.Error(diff)
	}
	if v.Table(2).None() || !v.Table(2).Everything() || !v.Table(2).Columns().All() {
		t.Error("a table that the policy does not name has rules")
	}
	if viewer(t, load(t, "tables: {order: {roles: {manager: {}}}}", &tally{}), "picker", `{}`).Table(1).Everything() {
		t.Error("a role that is not named sees the table")
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	p := load(t, "tables: {presence: {roles: {supplier: none, staff: {columns: {except: [topics, typing]}}, manager: {}}}}", &tally{})
	if v := viewer(t, p, "supplier", `{}`); !v.Presence().None() || v.Tag() != "" {
		t.Errorf("a supplier has presence, with the tag %q", v.Tag())
	}
	if v := viewer(t, p, "manager", `{}`); !v.Presence().Everything() {
		t.Error("a manager has rules for presence")
	}
	v := viewer(t, p, "staff", `{}`)
	if diff := cmp.Diff([]string{"connections", "id", "name", "role", "since"}, v.Presence().Columns().Names()); diff != "" {
		t.Error(diff)
	}
	if v.Key() == viewer(t, p, "manager", `{}`).Key() {
		t.Error("different rules for presence have one key")
	}
}

// TestTag: the tag is of the rules that apply and the values of the claims that they use.
func TestTag(t *testing.T) {
	t.Parallel()
	p := load(t, `
tables:
  order:
    roles:
      manager: {}
      picker: {columns: {except: [total]}, rows: row.warehouse_id in claims.app.warehouses}
      packer: {columns: {except: [total]}, rows: row.warehouse_id in claims.app.warehouses}
      clerk: {columns: {only: [id]}}
      "*": none
  sku: {roles: {"*": {}}}
`, &tally{})
	of := func(roles, claims string) string { return viewer(t, p, roles, claims).Tag() }
	const five, six = `{"app":{"warehouses":[5]},"exp":1,"sub":"ann"}`, `{"app":{"warehouses":[6]},"exp":1,"sub":"ann"}`
	picker := of("picker", five)
	if len(picker) != 8 || strings.Trim(picker, "0123456789abcdefghijklmnopqrstuv") != "" {
		t.Errorf("the tag is %q", picker)
	}
	for _, same := range [][2]string{
		{"picker", `{"app":{"warehouses":[5],"x":1},"exp":2,"sub":"bob"}`}, {"picker driver", five}, {"packer", five}, {"packer picker picker", five},
	} {
		if got := of(same[0], same[1]); got != picker {
			t.Errorf("%v has the tag %q, want %q", same, got, picker)
		}
	}
	seen := map[string]string{picker: "picker"}
	for _, other := range [][2]string{
		{"picker", six},
		{"picker", `{"app":{"warehouses":["5"]}}`},
		{"picker", `{"app":{"warehouses":null}}`},
		{"picker", `{"app":{}}`},
		{"clerk", five},
		{"clerk picker", five},
		{"clerk picker", six},
		{"", five},
		{"manager", five},
	} {
		got := of(other[0], other[1])
		if before, twice := seen[got]; twice {
			t.Errorf("%v and %s have the tag %q", other, before, got)
		}
		seen[got] = strings.Join(other[:], " ")
	}
	if got := of("manager picker", six); got != "" {
		t.Errorf("of one who sees everything the tag is %q", got)
	}
	again := load(t, "tables: {order: {roles: {picker: {columns: {except: [total]}, rows: 'row.warehouse_id in claims.app.warehouses'}}}, presence: {roles: {x: none}}}", &tally{})
	if got := viewer(t, again, "picker", five).Tag(); got != picker {
		t.Errorf("another policy with the same rules has the tag %q, want %q", got, picker)
	}
	if diff := cmp.Diff(viewer(t, p, "packer", five).Key(), viewer(t, p, "picker", five).Key()); diff != "" || viewer(t, p, "picker", six).Key() == viewer(t, p, "picker", five).Key() {
		t.Errorf("keys: %s", diff)
	}
}

func TestClaimsAreLimited(t *testing.T) {
	t.Parallel()
	p := load(t, "tables: {order: {roles: {picker: {rows: 'row.status == claims.app.x'}, clerk: {}}}}", &tally{})
	// {"app":{"x":"…"}} has 16 bytes beside the text.
	for n, tooLarge := range map[int]bool{4096 - 16: false, 4097 - 16: true} {
		_, err := p.Viewer("T", []string{"picker"}, claims(t, `{"other":"`+strings.Repeat("x", 9000)+`","app":{"x":"`+strings.Repeat("x", n)+`"}}`))
		if errors.Is(err, policy.ErrLimit) != tooLarge || err != nil && err.Error() != "limit-exceeded: the claims that rules use (app.x) have 4097 bytes, at most 4096 are allowed" {
			t.Errorf("of %d bytes: %v", n, err)
		}
	}
	if _, err := p.Viewer("T", []string{"clerk"}, claims(t, `{"app":{"x":"`+strings.Repeat("x", 9000)+`"}}`)); err != nil {
		t.Errorf("claims that no rule asks for: %v", err)
	}
}

// TestFailuresAreCounted: a condition that fails hides the row, and is counted by table
// and role.
func TestFailuresAreCounted(t *testing.T) {
	t.Parallel()
	count := &tally{}
	p := load(t, `
tables:
  order:
    roles:
      picker: {rows: row.warehouse_id in claims.warehouses}
      costly: {rows: 'claims.list.exists(x, claims.list.exists(y, claims.list.exists(z, z == 1)))'}
      fine: {rows: 'row.total != null && num(row.total) > 100', columns: {only: [id]}}
    events: [{name: 'order:x', on: update, when: old.warehouse_id == 5}]
`, count)
	v := viewer(t, p, "picker costly fine", `{"list":[`+strings.Repeat("0,", 200)+`0]}`)
	if got := shown(v, `{"id":1,"warehouse_id":5,"total":100.01}`); got != `{"id":1}` {
		t.Errorf("one sees %s", got)
	}
	if got := shown(v, `{"id":1,"warehouse_id":5,"total":null}`); got != "" {
		t.Errorf("one sees %s", got)
	}
	if got := shown(v, `{"id":1`); got != "" {
		t.Errorf("of what is no row one sees %s", got)
	}
	if p.Events(1)[0].Happens('u', scan(`{}`), scan(`{}`), "T") {
		t.Error("an event of a column that is not there happens")
	}
	if diff := cmp.Diff(map[string]int{"order/picker": 2, "order/costly": 2, "order:x": 1}, count.rules); diff != "" {
		t.Error(diff)
	}
}

// TestViewerIsShared: sessions ask the same viewer at once.
func TestViewerIsShared(t *testing.T) {
	t.Parallel()
	v := viewer(t, load(t, `
tables:
  order:
    roles:
      picker: {columns: {only: [id, status]}, rows: row.warehouse_id == 5}
      analyst: {columns: {only: [id, total]}, rows: row.status.matches('^c')}
      clerk: {columns: {only: [id]}}
`, &tally{}), "picker analyst clerk", `{}`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				house, status := 5+i%2, []string{"open", "closed"}[i/2%2]
				want := `{"id":1`
				if house == 5 {
					want += `,"status":"` + status + `"`
				}
				if status == "closed" {
					want += `,"total":1`
				}
				if got := shown(v, fmt.Sprintf(`{"id":1,"warehouse_id":%d,"status":%q,"total":1}`, house, status)); got != want+"}" {
					t.Errorf("%s, want %s}", got, want)
				}
			}
		})
	}
	all.Wait()
}
