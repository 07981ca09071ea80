package view_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/transport/encode"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

// failures counts conditions that failed.
type failures int

func (f *failures) RuleFailed(string, string) { *f++ }
func (f *failures) EventFailed(string)        { *f++ }

// ordersColumns are those of the table of this test, beside the key.
var ordersColumns = []string{"status", "total", "warehouse", "note"}

// role is one of the drawn policy: the columns that it lacks, and the warehouses that it
// admits, none for all.
type role struct {
	lacks      []string
	warehouses []int
	none       bool
}

func (r role) admits(warehouse int) bool {
	return !r.none && (len(r.warehouses) == 0 || slices.Contains(r.warehouses, warehouse))
}

// text is the role as the file of the policy has it.
func (r role) text() string {
	if r.none {
		return "none"
	}
	var parts []string
	if len(r.lacks) > 0 {
		parts = append(parts, "columns: {except: ["+strings.Join(r.lacks, ", ")+"]}")
	}
	if len(r.warehouses) > 0 {
		parts = append(parts, fmt.Sprintf("rows: \"row.warehouse in %s\"", strings.ReplaceAll(fmt.Sprint(r.warehouses), " ", ", ")))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// order is a row: each value but the warehouse has a secret of its own.
type order struct {
	warehouse int
	secrets   map[string]string
}

func drawOrder(t *rapid.T, name string) order {
	o := order{rapid.IntRange(1, 3).Draw(t, name), map[string]string{}}
	for _, c := range []string{"status", "total", "note"} {
		o.secrets[c] = fmt.Sprintf("s%d", rapid.IntRange(100, 999).Draw(t, name+c)) + name + c
	}
	return o
}

func (o order) json() string {
	return fmt.Sprintf(`{"id":1,"status":%q,"total":%q,"warehouse":%d,"note":%q}`, o.secrets["status"], o.secrets["total"], o.warehouse, o.secrets["note"])
}

// sees are the columns of a row that roles let be seen, nil if none admits it.
func sees(roles []role, o order) (columns map[string]bool) {
	for _, r := range roles {
		if !r.admits(o.warehouse) {
			continue
		}
		if columns == nil {
			columns = map[string]bool{"id": true}
		}
		for _, c := range ordersColumns {
			if !slices.Contains(r.lacks, c) {
				columns[c] = true
			}
		}
	}
	return columns
}

// TestPolicyOnEvents draws roles and changes of an order. The events have what the roles
// of a session let it see, and of what is withheld neither a value nor a name.
func TestPolicyOnEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roles := map[string]role{}
		file := "tables:\n  order:\n    roles:\n"
		for _, name := range []string{"a", "b", "c"} {
			r := role{
				lacks:      rapid.SliceOfNDistinct(rapid.SampledFrom(ordersColumns), 0, 3, rapid.ID[string]).Draw(t, name),
				warehouses: rapid.SliceOfNDistinct(rapid.IntRange(1, 3), 0, 2, rapid.ID[int]).Draw(t, name+" admits"),
				none:       rapid.IntRange(0, 5).Draw(t, name+" is none") == 0,
			}
			roles[name] = r
			file += "      " + name + ": " + r.text() + "\n"
		}
		d, err := policy.Parse([]byte(file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		text := func(name string) policy.Column { return policy.Column{Name: name, Type: "text", Kind: rule.Text} }
		tables := []policy.Table{{ID: 7, Stem: "order", Key: []string{"id"}, Columns: []policy.Column{
			{Name: "id", Type: "bigint", Kind: rule.Int, NotNull: true}, text("status"), text("total"), {Name: "warehouse", Type: "integer", Kind: rule.Int, NotNull: true}, text("note"),
		}}}
		stored, err := policy.Resolve(d, tables)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		p, err := policy.Load(stored, tables, new(failures))
		if err != nil {
			t.Fatal(err)
		}
		own := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID[string]).Draw(t, "roles")
		viewer, err := p.Viewer("T", own, nil)
		if err != nil {
			t.Fatal(err)
		}
		var mine []role
		for _, name := range own {
			mine = append(mine, roles[name])
		}

		c := change(rapid.SampledFrom([]feed.Op{feed.Insert, feed.Update, feed.Delete}).Draw(t, "op"), "", "")
		c.Relation = 7
		var was, is map[string]bool
		secrets := map[string]bool{} // whether each may be seen
		old, now := drawOrder(t, "old"), drawOrder(t, "new")
		if c.Op != feed.Insert {
			was = sees(mine, old)
			c.Before = []byte(old.json())
			for column, secret := range old.secrets {
				secrets[secret] = secrets[secret] || was[column]
			}
		}
		if c.Op != feed.Delete {
			is = sees(mine, now)
			c.After = []byte(now.json())
			for column, secret := range now.secrets {
				secrets[secret] = secrets[secret] || is[column]
			}
		}
		events := mapping.Events(c)
		var looked view.Change
		looked.Set(c, nil)
		looked.With(events)
		seen := (*view.View)(nil).For(viewer).Decide(&looked)
		got := map[string]*feed.Event{}
		for i := range events {
			e := looked.See(seen[0], i)
			if e == nil {
				continue
			}
			got[e.Name] = e
			message := string(encode.AppendEvent(nil, e))
			for secret, may := range secrets {
				if !may && strings.Contains(message, secret) {
					t.Fatalf("%sroles %v: %s is in %s", file, own, secret, message)
				}
			}
			for _, column := range ordersColumns {
				if !was[column] && !is[column] && strings.Contains(message, `"`+column+`"`) {
					t.Fatalf("%sroles %v: %s is named in %s", file, own, column, message)
				}
			}
		}
		main := map[feed.Op]string{feed.Insert: "order:created", feed.Update: "order:updated", feed.Delete: "order:deleted"}[c.Op]
		e := got[main]
		shows := was != nil || is != nil
		if c.Op == feed.Update && was != nil && is != nil {
			shows = len(was) != len(is) || fmt.Sprint(was) != fmt.Sprint(is)
			for _, column := range []string{"status", "total", "note"} { // they always change
				shows = shows || was[column] && is[column]
			}
			shows = shows || was["warehouse"] && is["warehouse"] && old.warehouse != now.warehouse
		}
		if (e != nil) != shows {
			t.Fatalf("%sroles %v, %s from %s to %s: %v; want one: %v", file, own, c.Op, c.Before, c.After, got, shows)
		}
		if e == nil {
			return
		}
		columns, match := is, ""
		switch {
		case c.Op == feed.Delete:
			columns = was
		case c.Op == feed.Update && is == nil:
			columns, match = was, view.Left
		case c.Op == feed.Update && was == nil:
			match = view.Entered
		}
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil || len(data) != len(columns) || e.Match != match {
			t.Fatalf("%sroles %v: %s, match %q, %v; want %v, match %q", file, own, e.Data, e.Match, err, columns, match)
		}
		if _, derived := got["order:status-changed"]; derived != (c.Op == feed.Update && was["status"] && is["status"]) {
			t.Fatalf("%sroles %v, from %v to %v: order:status-changed came: %v", file, own, was, is, derived)
		}
	})
}

// TestDerivedEventSaysWhatChanged: an event that is derived from an update names what
// changed of both rows, also if the filter of the client lets one of them pass alone.
func TestDerivedEventSaysWhatChanged(t *testing.T) {
	t.Parallel()
	viewer := viewerOf(t, "tables: {order: {roles: {picker: {columns: {except: [total]}}}}}", policy.Table{ID: 7, Stem: "order", Key: []string{"id"}, Columns: []policy.Column{
		{Name: "id", Type: "bigint", Kind: rule.Int, NotNull: true},
		{Name: "warehouse_id", Type: "integer", Kind: rule.Int},
		{Name: "status", Type: "text", Kind: rule.Text},
		{Name: "total", Type: "numeric", Kind: rule.Numeric},
	}})
	c := change(feed.Update, `{"status":"shipped","total":1}`, in)
	c.Relation = 7
	got := strings.Join(seen(open(t).For(viewer), c), "\n")
	want := `order:updated entered {"id":1,"warehouse_id":5,"status":"open"}` + "\n" +
		`order:status-changed  {"orderId":1,"status":"open","previousStatus":"shipped","order":{"id":1,"warehouse_id":5,"status":"open"}} status {"status":"shipped"}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestDerivedEventOfLongNumbers: an event that is derived from numbers which clients get as
// texts comes under a policy, too.
func TestDerivedEventOfLongNumbers(t *testing.T) {
	t.Parallel()
	whole := func(name string) policy.Column { return policy.Column{Name: name, Type: "bigint", Kind: rule.Int} }
	viewer := viewerOf(t, "tables: {sku: {roles: {picker: {columns: {except: [cost]}}}}}", policy.Table{
		ID: 7, Stem: "sku", Key: []string{"id"}, Columns: []policy.Column{whole("id"), whole("sku"), whole("quantity"), whole("low_stock_threshold"), whole("cost")},
	})
	c := change(feed.Update, `{"low_stock_threshold":5}`, `{"id":1,"sku":2,"quantity":9007199254740993,"low_stock_threshold":9007199254740993,"cost":3}`)
	c.Relation, c.Name = 7, "sku"
	got := seen((*view.View)(nil).For(viewer), c)
	want := `alert:low-stock  {"skuId":1,"sku":2,"quantity":"9007199254740993","threshold":"9007199254740993"} low_stock_threshold {"low_stock_threshold":5}`
	if len(got) != 2 || got[0] != want {
		t.Errorf("got %q\nwant %q and sku:updated", got, want)
	}
}

// viewerOf is a picker under a policy for one table.
func viewerOf(t *testing.T, file string, table policy.Table) *policy.Viewer {
	t.Helper()
	d, err := policy.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := policy.Resolve(d, []policy.Table{table})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(stored, []policy.Table{table}, new(failures))
	if err != nil {
		t.Fatal(err)
	}
	viewer, err := p.Viewer("T", []string{"picker"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return viewer
}
