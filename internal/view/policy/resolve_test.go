package policy_test

import (
	"errors"
	"strings"
	"testing"

	"rowcast/internal/view/policy"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	table := func(text string) string { return "tables:\n  order:\n    " + text + "\n" }
	role := func(text string) string { return table("roles:\n      picker: " + text) }
	event := func(text string) string { return table("events:\n      - " + text) }
	presence := func(text string) string { return "tables:\n  presence:\n    " + text + "\n" }
	twice := tables()
	twice = append(twice, policy.Table{ID: 1, Stem: "sale", Columns: twice[0].Columns, Key: twice[0].Key})
	taken := append(tables(), policy.Table{ID: 5, Stem: "presence"})
	for _, test := range []struct {
		tables     []policy.Table
		text, want string
	}{
		{nil, "tables: {orders: {roles: {x: {}}}}", `line 1: tables.orders: no table is watched as "orders"; there are: order, presence, sku`},
		{twice, "tables:\n  order: {roles: {x: {}}}\n  sale: {roles: {x: {}}}", "line 3: tables.sale: it is the table of tables.order; write its rules once"},
		{taken, presence("roles: {x: {}}"), "line 2: tables.presence: presence means those who are there"},
		{nil, role("{columns: {except: [id]}}"), `line 4: tables.order.roles.picker.columns: the key column "id" cannot be withheld`},
		{nil, role("{columns: {only: [total]}}"), `line 4: tables.order.roles.picker.columns: the key column "id" cannot be withheld`},
		{nil, role("{columns: {except: [id, profit]}}"), `line 4: tables.order.roles.picker.columns.except: there is no column "profit"; there are: id, warehouse_id, status, customer, total, margin`},
		{nil, role("{columns: {only: [id, profit]}}"), `columns.only: there is no column "profit"`},
		{nil, role("{columns: {except: [card]}}"), `columns.except: the column "card" is excluded from capture, so nobody sees it`},
		{nil, "tables: {sku: {roles: {x: {columns: {except: [name, cost]}}}}}", "tables.sku.roles.x.columns: no column is left; give the role none of the table"},
		{nil, role("\n        columns: {only: [id]}\n        rows: row.warehouse_id"), "line 6: tables.order.roles.picker.rows: it has to be true or false, and it is of type wrapper(int)"},
		{nil, role("{rows: row.profit > 5}"), `tables.order.roles.picker.rows: at 1:4: there is no column "profit"; there are: customer, id,`},
		{nil, role("{rows: row.card == ''}"), `the column "card" is excluded from capture`},
		{nil, role("{rows: claims.exp > 5}"), "picker.rows: at 1:7: exp is another in each token, so no rule can use it"},
		{nil, role("{rows: old.id == 5}"), "picker.rows: at 1:4: rows is asked of one row"},
		{nil, role("{rows: row.total > 5}"), "a numeric is compared by num"},
		{nil, event("{name: shipped, on: update}"), "line 4: tables.order.events[0].name: the name begins with that of the table, as in order:shipped"},
		{nil, event("{name: 'sku:shipped', on: update}"), "tables.order.events[0].name: the name begins with that of the table, as in order:shipped"},
		{nil, event("{name: 'order:', on: update}"), "tables.order.events[0].name: after the colon there are letters"},
		{nil, event("{name: 'order:a b', on: update}"), "tables.order.events[0].name: after the colon there are letters"},
		{nil, event("{name: 'order:a:b', on: update}"), "tables.order.events[0].name: after the colon there are letters"},
		{nil, event("{name: order:" + strings.Repeat("x", 123) + ", on: update}"), "it has 129 bytes, at most 128 are allowed"},
		{nil, event("{name: 'order:created', on: update}"), "tables.order.events[0].name: there is an event order:created already"},
		{nil, event("{name: 'order:x', on: update}\n      - {name: 'order:x', on: update}"), "line 5: tables.order.events[1].name: there is an event order:x already"},
		{nil, event("{name: 'order:x', on: update, data: [id, profit]}"), `tables.order.events[0].data: there is no column "profit"`},
		{nil, event("{name: 'order:x', on: update, data: [card]}"), `tables.order.events[0].data: the column "card" is excluded`},
		{nil, event("{name: 'order:x', on: update, when: 'old.profit == 5'}"), `tables.order.events[0].when: at 1:4: there is no column "profit"`},
		{nil, event("{name: 'order:x', on: update, when: 'claims.role == 5'}"), "tables.order.events[0].when: at 1:7: an event is the same for everybody"},
		{nil, event("{name: 'order:x', on: insert, when: 'old.status == row.status'}"), "tables.order.events[0].when: on insert there is no old row"},
		{nil, presence("roles: {x: {rows: row.id == 'x'}}"), "tables.presence.roles.x.rows: presence has no rows"},
		{nil, presence("roles: {x: {columns: {except: [id]}}}"), `tables.presence.roles.x.columns: the key column "id" cannot be withheld`},
		{nil, presence("events: [{name: 'presence:x', on: insert}]"), "tables.presence.events: presence has no events of its own"},
	} {
		d, err := policy.Parse([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if test.tables == nil {
			test.tables = tables()
		}
		stored, err := policy.Resolve(d, test.tables)
		if _, ok := errors.AsType[policy.Problems](err); !ok || stored != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.text, err, test.want)
		}
	}
	d, err := policy.Parse([]byte("tables:\n  a: {roles: {x: {}}}\n  order:\n    roles:\n      x: {columns: {only: [b]}, rows: c}\n    events:\n      - {name: d, on: insert}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = policy.Resolve(d, tables()); strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("of five problems:\n%v", err)
	}
}

func TestResolvedForm(t *testing.T) {
	t.Parallel()
	got := resolve(t, `
tables:
  order:
    roles:
      manager: {}
      picker: {columns: {except: [total, margin]}, rows: row.warehouse_id in claims.warehouses}
      clerk: {columns: {only: [status, id]}}
      visitor: {rows: row.status == 'open'}
      "*": none
    events: [{name: 'order:shipped', on: update, when: "old.status != 'shipped'", data: [id, customer]}]
  sku:
    events: [{name: 'sku:new', on: [insert]}]
`, tables())
	const want = `{"version":1,"tables":[{"id":1,"stem":"order","columns":[{"name":"id","number":1},{"name":"warehouse_id","number":2},{"name":"status","number":3},` +
		`{"name":"customer","number":4},{"name":"total","number":5},{"name":"margin","number":6}],"roles":[{"name":"manager","all":true},` +
		`{"name":"picker","columns":["id","warehouse_id","status","customer"],"rows":"row.warehouse_id in claims.warehouses"},` +
		`{"name":"clerk","columns":["id","status"]},{"name":"visitor","columns":["id","warehouse_id","status","customer","total","margin"],"rows":"row.status == 'open'"},` +
		`{"name":"*"}],"events":[{"name":"order:shipped","on":["update"],"when":"old.status != 'shipped'","data":["id","customer"]}]},` +
		`{"id":2,"stem":"sku","columns":[{"name":"name","number":1},{"name":"cost","number":2}],"open":true,"events":[{"name":"sku:new","on":["insert"]}]}]}`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
