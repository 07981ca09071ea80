package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/view/policy/document"
)

const whole = `
tables:
  order:
    roles:
      manager: {}
      picker:
        columns: {except: [total, margin]}
        rows: row.warehouse_id in claims.warehouses
      clerk:
        columns:
          only: [id, "on"]
      "*": none
    events:
      - {name: "order:shipped", on: update, when: "old.status != 'shipped'", data: [id, customer]}
      - name: order:touched
        on: [insert, update]
  sku:
    events:
      - {name: sku:gone, on: delete}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := document.Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	name := func(line int, text string) document.Name { return document.Name{Text: text, Line: line} }
	want := &document.Document{Tables: []document.Table{
		{Stem: "order", Line: 3, Roles: []document.Role{
			{Name: "manager", Line: 5, All: true},
			{
				Name: "picker", Line: 6, Except: []document.Name{name(7, "total"), name(7, "margin")},
				Rows: name(8, "row.warehouse_id in claims.warehouses"),
			},
			{Name: "clerk", Line: 9, Only: []document.Name{name(11, "id"), name(11, "on")}},
			{Name: "*", Line: 12, None: true},
		}, Events: []document.Event{
			{Name: name(14, "order:shipped"), On: []string{"update"}, When: name(14, "old.status != 'shipped'"), Data: []document.Name{name(14, "id"), name(14, "customer")}},
			{Name: name(15, "order:touched"), On: []string{"insert", "update"}},
		}},
		{Stem: "sku", Line: 17, Events: []document.Event{{Name: name(19, "sku:gone"), On: []string{"delete"}}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	json := "{\n\t\"tables\": {\n\t\t\"order\": {\"roles\": {\"*\": \"none\", \"picker\": {\"rows\": \"'true\u0041'\"}}}\n\t}\n}"
	if d, err := document.Parse([]byte(json)); err != nil || len(d.Tables[0].Roles) != 2 || !d.Tables[0].Roles[0].None {
		t.Errorf("JSON: %+v, %v", d, err)
	}
}

// roles is a policy with this in the place of a role.
func role(text string) string {
	return "tables:\n  order:\n    roles:\n      picker: " + text + "\n"
}

func event(text string) string { return "tables:\n  order:\n    events:\n      - " + text + "\n" }

func TestRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            `the policy is empty; it begins with "tables:"`,
		"# nothing\n": `the policy is empty; it begins with "tables:"`,
		"\xff":        "the policy is not UTF-8",
		"tables: [":   "it is no YAML: line 1: did not find expected node content",
		"tables:\n  a:\n    roles:\n      *: none": `did not find expected alphabetic or numeric character; put "*" in quotes`,
		"tables:\n\t- x":              "it is no YAML: line 2: found character that cannot start any token",
		"{}":                          `line 1: "tables" is missing`,
		"[]":                          "line 1: it has to be an object with the key tables",
		"tables: {}\n---\ntables: {}": "something follows the policy",
		"tables: {}":                  "line 1: tables: it is empty; it has to be an object of tables",
		"tables: 5":                   "line 1: tables: it has to be an object of tables",
		"tables: {a: {roles: {x: {}}}}\nversion: 1":             "line 2: version: there is no such key; there are: tables",
		"tables:\n  5: {}":                                      "line 2: tables: a key has to be a text; put \"5\" in quotes",
		"tables:\n  order: {}":                                  "line 2: tables.order: say roles or events of the table",
		"tables:\n  order:":                                     "line 2: tables.order: it has to be an object with roles or events",
		"tables:\n  \"order:*\": {roles: {x: {}}}":              "line 2: tables.order:*: name the stem alone",
		"tables:\n  a: {roles: {x: {}}}\n  a: {roles: {x: {}}}": "line 3: tables.a: it is there twice, in line 2 too",
		"tables:\n  a: &x {roles: {x: {}}}\n  b: *x":            "line 2: tables: anchors and aliases are not read",
		"tables:\n  a:\n    <<: {roles: {x: {}}}":               "line 3: tables.a: a key has to be a text",
		"tables:\n  order:\n    roles: {}":                      "line 3: tables.order.roles: it is empty; it has to be an object of roles",
		"tables:\n  order:\n    rolles: {}":                     "line 3: tables.order.rolles: there is no such key; there are: events, roles",
		"tables:\n  order:\n    events: {}":                     "line 3: tables.order.events: it has to be a list of events",
		"tables:\n  order:\n    events: []":                     "line 3: tables.order.events: it is empty",
		"tables:\n  order:\n    roles: !!set {a}":               "line 3: tables.order.roles: it has to be an object of roles",
		"tables:\n  order:\n    roles: {\"\": {}}":              "a role has a name of 1 to 255 bytes",
		role(""):                "line 4: tables.order.roles.picker: it has to be {}, none, or an object with columns or rows",
		role("all"):             "line 4: tables.order.roles.picker: it has to be {}, none",
		role("[]"):              "it has to be {}, none",
		role("{row: x}"):        "line 4: tables.order.roles.picker.row: there is no such key; there are: columns, rows",
		role("{columns: [id]}"): "picker.columns: it has to be an object with either except or only",
		role("{columns: {}}"):   "picker.columns: it has to be an object with either except or only",
		role("{columns: {only: [a], except: [b]}}"): "picker.columns: it has to be an object with either except or only",
		role("{columns: {only: []}}"):               "picker.columns.only: it is empty; it has to be a list of columns",
		role("{columns: {only: id}}"):               "picker.columns.only: it has to be a list of columns",
		role("{columns: {only: [a, b, a]}}"):        `picker.columns.only[2]: "a" is there twice`,
		role("{columns: {only: [5]}}"):              "picker.columns.only[0]: it has to be the name of a column; put it in quotes if it is",
		role("{columns: {only: [[a]]}}"):            "picker.columns.only[0]: it has to be the name of a column",
		role("{columns: {but: [a]}}"):               "picker.columns.but: there is no such key; there are: except, only",
		role("{rows: 5}"):                           "picker.rows: it has to be an expression",
		role("{rows: }"):                            "picker.rows: it has to be an expression",
		role("{rows: ''}"):                          "picker.rows: it has to be an expression",
		role("{rows: [a]}"):                         "picker.rows: it has to be an expression",
		role("{rows: a, rows: b}"):                  "picker.rows: it is there twice",
		event("{on: update}"):                       "line 4: tables.order.events[0]: an event has a name, and on:",
		event("{name: a:b}"):                        "line 4: tables.order.events[0]: an event has a name, and on:",
		event("{name: a:b, on: truncate}"):          `tables.order.events[0].on: there is no operation "truncate"; there are insert, update and delete`,
		event("{name: a:b, on: [update, update]}"):  `tables.order.events[0].on[1]: "update" is there twice`,
		event("{name: a:b, on: {update: 1}}"):       "tables.order.events[0].on: it has to be insert, update or delete",
		event("{name: a:b, on: update, if: x}"):     "tables.order.events[0].if: there is no such key; there are: data, name, on, when",
		event("{name: a:b, on: update, data: x}"):   "tables.order.events[0].data: it has to be a list of columns",
		event("x"): "line 4: tables.order.events[0]: it has to be an object with name and on",
	} {
		_, err := document.Parse([]byte(text))
		if _, ok := errors.AsType[document.Problems](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
	_, err := document.Parse([]byte("tables:\n  order:\n    roles: {a: x, b: {rows: 5}}\n    events: 5\n  sku: 5\n"))
	if problems, _ := errors.AsType[document.Problems](err); len(problems) != 4 || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("of several problems: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	repeat := func(n int, form, separator string) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(form, i))
		}
		return strings.Join(parts, separator)
	}
	tables := func(n int) string { return "tables: {" + repeat(n, "t%d: {roles: {x: {}}}", ", ") + "}" }
	roles := func(n int) string { return "tables: {t: {roles: {" + repeat(n, "r%d: {}", ", ") + "}}}" }
	events := func(n int) string {
		return "tables: {t: {events: [" + repeat(n, "{name: 't:%d', on: insert}", ", ") + "]}}"
	}
	size := func(n int) string {
		text := tables(1) + "\n#"
		return text + strings.Repeat("x", n-len(text))
	}
	for _, test := range []struct {
		good, bad, want string
	}{
		{tables(64), tables(65), "line 1: tables: it has 65, at most 64 are allowed"},
		{roles(32), roles(33), "line 1: tables.t.roles: it has 33, at most 32 are allowed"},
		{events(32), events(33), "line 1: tables.t.events: it has 33, at most 32 are allowed"},
		{size(64 << 10), size(64<<10 + 1), "the policy has 65537 bytes, at most 65536 are allowed"},
	} {
		if _, err := document.Parse([]byte(test.good)); err != nil {
			t.Errorf("%.40s: %v", test.good, err)
		}
		if _, err := document.Parse([]byte(test.bad)); err == nil || err.Error() != test.want {
			t.Errorf("%.40s: %v; want %s", test.bad, err, test.want)
		}
	}
	many := "tables: {t: {roles: {x: {columns: {only: [" + repeat(100, "%d", ", ") + "]}}}}}"
	if _, err := document.Parse([]byte(many)); err == nil || !strings.HasSuffix(err.Error(), "\nand 50 more") {
		t.Errorf("of 100 problems: %v", err)
	}
}
