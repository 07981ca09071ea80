package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/mapping"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/where"
)

// modelRole is a role as it is drawn, with its meaning.
type modelRole struct {
	name      string
	all, none bool
	columns   map[string]bool // nil if the role does not say
	rows      *expression
}

// drawRoles draws the roles of a table, and the policy in which they are written.
func drawRoles(t *rapid.T) (roles []modelRole, text string) {
	var members []string
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "*"}), 1, 4, rapid.ID[string]).Draw(t, "roles") {
		r := modelRole{name: name}
		var member string
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			r.all, member = true, "{}"
		case 1:
			r.none, member = true, `"none"`
		default:
			member = drawLimits(t, &r)
		}
		roles = append(roles, r)
		members = append(members, fmt.Sprintf("%q: %s", name, member))
	}
	return roles, `{"tables": {"order": {"roles": {` + strings.Join(members, ", ") + `}}}}`
}

func drawLimits(t *rapid.T, r *modelRole) string {
	var parts []string
	if rapid.IntRange(0, 3).Draw(t, "columns") > 0 {
		key := modelColumns[0].Name
		named := rapid.SliceOfNDistinct(rapid.SampledFrom(modelColumns[1:]), 1, 8, func(c policy.Column) string { return c.Name }).Draw(t, "named")
		var list []string
		for _, c := range named {
			list = append(list, c.Name)
		}
		r.columns = map[string]bool{key: true}
		verb := rapid.SampledFrom([]string{"only", "except"}).Draw(t, "verb")
		for _, c := range modelColumns[1:] {
			r.columns[c.Name] = slices.Contains(list, c.Name) == (verb == "only")
		}
		if verb == "only" {
			list = append(list, key)
		}
		parts = append(parts, fmt.Sprintf(`"columns": {%q: %s}`, verb, encoded(list)))
	}
	if parts == nil || rapid.IntRange(0, 3).Draw(t, "rows") > 0 {
		e := drawExpression(t, 2)
		r.rows = &e
		parts = append(parts, `"rows": `+encoded(e.cel))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// sees are the columns of a row that a session with these roles sees, nil if it does not
// see the row.
func sees(roles []modelRole, held []string, s scene) map[string]bool {
	var given []modelRole
	named := false
	for _, r := range roles {
		if r.name != "*" && slices.Contains(held, r.name) {
			given, named = append(given, r), true
		}
	}
	for _, r := range roles {
		if r.name == "*" && !named {
			given = append(given, r)
		}
	}
	var union map[string]bool
	for _, r := range given {
		if r.none || r.rows != nil && r.rows.eval(s) != yes {
			continue
		}
		if union == nil {
			union = map[string]bool{}
		}
		for _, c := range modelColumns {
			union[c.Name] = union[c.Name] || r.columns == nil || r.columns[c.Name]
		}
	}
	return union
}

// masked is what is left of a row.
func masked(texts map[string]string, columns map[string]bool) map[string]string {
	left := map[string]string{}
	for name, text := range texts {
		if columns[name] {
			left[name] = text
		}
	}
	return left
}

// expected is an event as a session gets it.
type expected struct {
	match          string
	data, previous map[string]string
	changed        []string
}

// side is one row of a change.
type side struct {
	values values
	texts  map[string]string
}

// reference says by the words of the contract what an update, insert or delete is to a
// session. A row that is not there is nil.
func reference(before, after *side, roles []modelRole, held []string, claims values, filter func(map[string]string) bool) expected {
	look := func(s *side) (map[string]bool, map[string]string) {
		if s == nil {
			return nil, nil
		}
		columns := sees(roles, held, scene{s.values, claims})
		if columns == nil || !filter(masked(s.texts, columns)) {
			return columns, nil
		}
		return columns, masked(s.texts, columns)
	}
	old, was := look(before)
	now, is := look(after)
	switch {
	case was == nil && is == nil:
		return expected{match: "none"}
	case before == nil:
		return expected{match: "plain", data: is}
	case after == nil:
		return expected{match: "plain", data: was}
	case was == nil:
		return expected{match: "entered", data: is}
	case is == nil:
		return expected{match: "left", data: was}
	}
	both := now
	if !maps.Equal(old, now) {
		both = map[string]bool{"col_id": true}
	}
	e := expected{match: "plain", data: is, previous: map[string]string{}}
	differs := false
	for _, c := range modelColumns {
		text, had := before.texts[c.Name]
		if !had || text == after.texts[c.Name] {
			continue
		}
		differs = true
		if both[c.Name] {
			e.changed = append(e.changed, c.Name)
			e.previous[c.Name] = text
		}
	}
	slices.Sort(e.changed)
	if differs && e.changed == nil && maps.Equal(old, now) {
		return expected{match: "none"}
	}
	return e
}

// drawFilter draws the filter of a client, and what it means.
func drawFilter(t *rapid.T) (*where.Predicate, func(map[string]string) bool) {
	name, value := "col_house", "5"
	switch rapid.SampledFrom([]string{"none", "none", "house", "state", "cost"}).Draw(t, "filter") {
	case "none":
		return nil, func(map[string]string) bool { return true }
	case "state":
		name, value = "col_state", `"open"`
	case "cost":
		name, value = "col_cost", "null"
	}
	f, err := where.Parse(fmt.Appendf(nil, `{"order":{%q:%s}}`, name, value))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]where.Column{"col_house": {Type: "bigint", Kind: where.Number}, "col_state": {Type: "text", Kind: where.Text}, "col_cost": {Type: "text", Kind: where.Text}}
	bound, err := f.Bind(context.Background(), map[string]map[string]where.Column{"order": columns}, func(_ context.Context, wanted []where.Wanted) ([]json.RawMessage, error) {
		return slices.Repeat([]json.RawMessage{json.RawMessage(value)}, len(wanted)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bound["order"], func(r map[string]string) bool { return r[name] == value || value == "null" && r[name] == "" }
}

// TestDecideAgreesWithReference draws tables, rows, policies, claims and filters. What a
// session gets is what the reference says, and of what is withheld nothing is in its
// bytes.
func TestDecideAgreesWithReference(t *testing.T) {
	t.Parallel()
	tables := []policy.Table{{ID: 1, Stem: "order", Columns: modelColumns, Key: []string{"col_id"}}}
	n := 0
	canary := func() string { n++; return fmt.Sprintf("canary%dx", n) }
	rapid.Check(t, func(t *rapid.T) {
		roles, text := drawRoles(t)
		d, err := policy.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		stored, err := policy.Resolve(d, tables)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p, err := policy.Load(stored, tables, &tally{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for range 4 {
			held := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "*"}), rapid.ID[string]).Draw(t, "held")
			known := drawClaims(t)
			v, err := p.Viewer("T", held, decoded(t, known))
			if err != nil {
				t.Fatal(err)
			}
			for range 4 {
				checkChange(t, text, v.Table(1), roles, held, known, canary)
			}
		}
	})
}

// decoded are claims as they come from a token.
func decoded(t *rapid.T, v values) map[string]any {
	d := json.NewDecoder(strings.NewReader(encoded(v)))
	d.UseNumber()
	var c map[string]any
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func checkChange(t *rapid.T, text string, a *policy.Access, roles []modelRole, held []string, known values, canary func() string) {
	op := rapid.SampledFrom([]feed.Op{feed.Insert, feed.Update, feed.Update, feed.Update, feed.Delete}).Draw(t, "op")
	var before, after *side
	c := &feed.Change{Name: "order", Table: "orders", Op: op}
	if op != feed.Delete {
		v, texts := drawRow(t, canary)
		after = &side{v, texts}
		c.After = json.RawMessage(written(texts, nil))
	}
	if op != feed.Insert {
		v, texts := drawRow(t, canary)
		before = &side{v, texts}
		leftOut := map[string]bool{}
		if op == feed.Update {
			settle(t, before, after, leftOut)
		}
		c.Before = json.RawMessage(written(texts, leftOut))
	}
	predicate, filter := drawFilter(t)
	want := reference(before, after, roles, held, known, filter)
	rowBefore, rowAfter := scan(string(c.Before)), scan(string(c.After))
	q := &policy.Question{Op: op, Before: rowBefore, After: rowAfter, Filter: predicate}
	decision := a.Decide(q)
	got, output := received(c, q, &decision)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(expected{})); diff != "" {
		t.Fatalf("%s as %q with %s: %s from %s to %s (-want +got):\n%s", text, held, encoded(known), op, c.Before, c.After, diff)
	}
	hidden, open := map[string]bool{}, map[string]bool{} // a value may be in both rows
	for _, s := range []*side{before, after} {
		if s == nil {
			continue
		}
		columns := sees(roles, held, scene{s.values, known})
		for name, text := range s.texts {
			if strings.Contains(text, "canary") {
				hidden[text] = hidden[text] || !columns[name]
				open[text] = open[text] || columns[name]
			}
		}
	}
	for text := range hidden {
		if hidden[text] && !open[text] && strings.Contains(output, text) {
			t.Fatalf("%s is in %s", text, output)
		}
	}
	for _, name := range modelColumns {
		if got.data[name.Name] == "" && got.previous[name.Name] == "" && strings.Contains(output, name.Name) {
			t.Fatalf("the name %s is in %s", name.Name, output)
		}
	}
}

// settle gives the old row some values of the new one, and leaves some of them out. What
// one row does not have at all, the old one gets from the new one.
func settle(t *rapid.T, before, after *side, leftOut map[string]bool) {
	for _, c := range modelColumns {
		_, had := before.texts[c.Name]
		value, has := after.values[c.Name]
		if has && (!had || rapid.IntRange(0, 2).Draw(t, "same") > 0) {
			before.values[c.Name], before.texts[c.Name] = value, after.texts[c.Name]
			leftOut[c.Name] = !had || rapid.Bool().Draw(t, "left out")
		}
	}
}

// received is what a session gets by a decision, and all the bytes of it.
func received(c *feed.Change, q *policy.Question, d *policy.Decision) (expected, string) {
	e := expected{match: match(c.Op, d)}
	if e.match == "none" {
		return e, ""
	}
	var data []byte
	switch {
	case e.match == "left":
		data = d.Old.AppendRow(nil, q.Before, q.After)
	case c.Op == feed.Delete:
		data = d.Old.AppendRow(nil, q.Before, nil)
	default:
		data = d.New.AppendRow(nil, q.After, nil)
	}
	e.data = members(data)
	output := string(data)
	if c.Op == feed.Update && e.match == "plain" {
		whole := mapping.Events(c)[0]
		for _, name := range whole.Changed {
			if d.Both.Has(name) {
				e.changed = append(e.changed, name)
				output += name
			}
		}
		slices.Sort(e.changed) // mapping holds their order
		old := row.Scan(whole.Previous, nil)
		previous := d.Both.AppendRow(nil, &old, nil)
		e.previous = members(previous)
		output += string(previous)
	}
	return e, output
}

// members are the members of an object, as they would be in the log.
func members(text []byte) map[string]string {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	m := map[string]string{}
	for name, value := range raw {
		m[name] = string(value)
		if s := strings.Trim(string(value), `"`); s != "" && strings.Trim(s, "0123456789.") == "" {
			m[name] = s // a long number is a text for clients
		}
	}
	return m
}
