package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/feed"
	"rowcast/internal/view/policy"
)

// match is a word for what comes of a change.
func match(op feed.Op, d *policy.Decision) string {
	switch {
	case d.Was && d.Is:
		return "plain"
	case !d.Was && !d.Is:
		return "none"
	case op != feed.Update:
		return "half of a row"
	case d.Is:
		return "entered"
	}
	return "left"
}

func TestDecide(t *testing.T) {
	t.Parallel()
	v := viewer(t, load(t, `
tables:
  order:
    roles:
      picker: {columns: {only: [id, status]}, rows: row.warehouse_id == 5}
      analyst: {columns: {only: [id, total]}, rows: row.status == 'closed'}
`, &tally{}), "picker analyst", `{}`)
	const in, out, closed = `{"id":1,"warehouse_id":5,"status":"open","total":1}`, `{"id":1,"warehouse_id":6,"status":"open","total":1}`, `{"id":1,"warehouse_id":5,"status":"closed","total":1}`
	for _, test := range []struct {
		op            feed.Op
		before, after string
		want          string
		old, new      []string
		both          []string
		derived       bool // one of id and status
	}{
		{feed.Insert, "", in, "plain", nil, []string{"id", "status"}, nil, true},
		{feed.Insert, "", out, "none", nil, nil, nil, false},
		{feed.Replay, "", in, "plain", nil, []string{"id", "status"}, nil, true},
		{feed.Delete, in, "", "plain", []string{"id", "status"}, nil, nil, true},
		{feed.Delete, out, "", "none", nil, nil, nil, false},
		{feed.Update, out, in, "entered", nil, []string{"id", "status"}, nil, false},
		{feed.Update, in, out, "left", []string{"id", "status"}, nil, nil, false},
		{feed.Update, out, out, "none", nil, nil, nil, false},
		{feed.Update, `{"status":"held"}`, in, "plain", []string{"id", "status"}, []string{"id", "status"}, []string{"id", "status"}, true},
		{feed.Update, `{"total":2}`, in, "none", []string{"id", "status"}, []string{"id", "status"}, nil, false},
		{feed.Update, `{}`, in, "plain", []string{"id", "status"}, []string{"id", "status"}, []string{"id", "status"}, true},
		{feed.Update, in, closed, "plain", []string{"id", "status"}, []string{"id", "status", "total"}, []string{"id"}, true},
		{feed.Update, `{"warehouse_id":6}`, closed, "plain", []string{"id", "total"}, []string{"id", "status", "total"}, []string{"id"}, false},
	} {
		d := v.Table(1).Decide(&policy.Question{Op: test.op, Before: scan(test.before), After: scan(test.after)})
		if match(test.op, &d) != test.want || d.Derived("id", "status") != test.derived || d.Derived("id", "status", "warehouse_id") {
			t.Errorf("%s from %s to %s is %s, derived %t; want %s, %t", test.op, test.before, test.after, match(test.op, &d), d.Derived("id", "status"), test.want, test.derived)
		}
		if diff := cmp.Diff([][]string{test.old, test.new, test.both}, [][]string{d.Old.Names(), d.New.Names(), d.Both.Names()}); diff != "" {
			t.Errorf("%s from %s to %s: %s", test.op, test.before, test.after, diff)
		}
	}
}

// TestDecideOfSummaries: what has no rows comes to all but those who have none of the
// table; what cannot be read comes to those of whom nothing has to be asked.
func TestDecideOfSummaries(t *testing.T) {
	t.Parallel()
	p := load(t, "tables: {order: {roles: {manager: {}, clerk: {columns: {only: [id]}}, picker: {rows: row.id == 1}, '*': none}}}", &tally{})
	for role, want := range map[string][4]bool{ // none, everything, comes, unreadable
		"manager": {false, true, true, true}, "clerk": {false, false, true, true}, "picker": {false, false, true, false}, "driver": {true, false, false, false},
	} {
		a := viewer(t, p, role, `{}`).Table(1)
		for _, op := range []feed.Op{feed.Truncate, feed.Unordered} {
			d := a.Decide(&policy.Question{Op: op})
			if got := [4]bool{a.None(), a.Everything(), match(op, &d) == "plain", a.Unreadable()}; got != want {
				t.Errorf("%s for %s is %v, want %v", op, role, got, want)
			}
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	p := load(t, `
tables:
  order:
    roles: {picker: {columns: {except: [total]}}}
    events:
      - {name: "order:shipped", on: update, when: "old.status != 'shipped' && row.status == 'shipped'", data: [id, customer]}
      - {name: "order:any", on: [insert, delete], when: "old == null || tenant == 'T' && op == 'delete' && num(row.total) == num(old.total)"}
      - {name: "order:touched", on: update, data: [total]}
`, &tally{})
	happen := func(op feed.Op, before, after string) (names []string) {
		for _, e := range p.Events(1) {
			if e.Happens(op, scan(before), scan(after), "T") {
				names = append(names, e.Name())
			}
		}
		return names
	}
	const open, shipped = `{"id":1,"status":"open","customer":"c","total":5}`, `{"id":12345678901234567890,"status":"shipped","total":5}`
	for _, test := range []struct {
		op            feed.Op
		before, after string
		want          []string
	}{
		{feed.Insert, "", open, []string{"order:any"}},
		{feed.Delete, open, "", []string{"order:any"}},
		{feed.Update, `{"status":"open"}`, shipped, []string{"order:shipped", "order:touched"}},
		{feed.Update, `{"status":null}`, shipped, []string{"order:touched"}},
		{feed.Update, `{"id":2}`, shipped, []string{"order:touched"}},
		{feed.Replay, "", shipped, nil},
		{feed.Truncate, "", "", nil},
	} {
		if diff := cmp.Diff(test.want, happen(test.op, test.before, test.after)); diff != "" {
			t.Errorf("%s from %s to %s: %s", test.op, test.before, test.after, diff)
		}
	}
	all := p.Events(1)
	if diff := cmp.Diff([][]string{{"customer", "id", "status"}, {"total"}, {"total"}}, [][]string{all[0].Columns(), all[1].Columns(), all[2].Columns()}); diff != "" {
		t.Error(diff)
	}
	picker := viewer(t, p, "picker", `{}`)
	d := picker.Table(1).Decide(&policy.Question{Op: feed.Update, Before: scan(`{"status":"open"}`), After: scan(shipped)})
	for i, want := range []struct {
		comes bool
		data  string
	}{
		{true, `{"id":"12345678901234567890","customer":null}`}, {false, `{"id":"12345678901234567890","status":"shipped"}`}, {false, `{"total":null}`},
	} {
		if got := string(all[i].AppendData(nil, d.New, scan(shipped))); got != want.data || d.Derived(all[i].Columns()...) != want.comes {
			t.Errorf("%s has %s, comes %t; want %+v", all[i].Name(), got, d.Derived(all[i].Columns()...), want)
		}
	}
	if p.Events(9) != nil {
		t.Error("a table that the policy does not name has events")
	}
}
