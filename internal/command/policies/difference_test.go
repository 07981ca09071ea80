package policies_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"rowcast/internal/command/policies"
	"rowcast/internal/view/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDifferences(t *testing.T) {
	t.Parallel()
	role := func(name, rows string, columns ...string) policy.StoredRole {
		return policy.StoredRole{Name: name, Columns: columns, Rows: rows}
	}
	of := func(tables ...policy.StoredTable) *policy.Stored { return &policy.Stored{Tables: tables} }
	order := func(roles ...policy.StoredRole) policy.StoredTable {
		return policy.StoredTable{ID: 1, Stem: "order", Open: roles == nil, Roles: roles}
	}
	picker, manager, none := role("picker", "row.house == 5", "id", "status"), policy.StoredRole{Name: "manager", All: true}, policy.StoredRole{Name: "*"}
	eventful := order()
	eventful.Events = []policy.StoredEvent{{Name: "order:late", On: []string{"update"}}, {Name: "order:gone", On: []string{"delete"}}}
	changed := order()
	changed.Events = []policy.StoredEvent{{Name: "order:late", On: []string{"update"}, When: "row.late"}, {Name: "order:new", On: []string{"insert"}}}
	for name, test := range map[string]struct {
		before, after *policy.Stored
		want          []string
	}{
		"nothing":      {of(order(picker)), of(order(picker)), nil},
		"the order":    {of(order(picker, manager)), of(order(manager, picker)), nil},
		"said at last": {of(order(picker)), of(order(picker, none)), nil},
		"the first": {of(), of(order(picker, manager)), []string{
			"order, everybody else: sees nothing, before everything", "order, role picker: sees id, status of rows where row.house == 5, before everything",
		}},
		"columns": {of(order(picker)), of(order(role("picker", "row.house == 5", "id", "total"))), []string{"order, role picker: gains total; loses status"}},
		"rows": {of(order(picker)), of(order(role("picker", "", "id", "status"))), []string{
			"order, role picker: sees all rows, before rows where row.house == 5",
		}},
		"a role that goes": {of(order(picker, manager)), of(order(picker)), []string{"order, role manager: sees nothing, before everything"}},
		"by everybody's":   {of(order(picker)), of(order(role("*", "", "id"))), []string{"order, everybody else: sees id of all rows, before nothing", "order, role picker: loses status; sees all rows, before rows where row.house == 5"}},
		"a table that goes": {of(order(picker)), of(), []string{
			"order, everybody else: sees everything, before nothing", "order, role picker: sees everything, before id, status of rows where row.house == 5",
		}},
		"events": {of(eventful), of(changed), []string{"order, event order:late: is another", "order, event order:new: is new", "order, event order:gone: comes no more"}},
	} {
		if diff := cmp.Diff(test.want, policies.Differences(test.before, test.after)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
