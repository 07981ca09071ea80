package policy

import (
	"fmt"
	"slices"
	"strings"

	"rowcast/internal/view/policy/document"
	"rowcast/internal/view/policy/rule"
)

// maxEventName is how long the name of an event is, in bytes.
const maxEventName = 128

// Parse reads the file of a policy. The error is of type [Problems].
func Parse(text []byte) (*document.Document, error) { return document.Parse(text) }

// Problems are all that is wrong with a policy, each with its line and path.
type Problems = document.Problems

// Resolve checks a policy against the tables that are watched, and returns the form in
// which it is stored. The error is of type [Problems] if the policy is to blame.
func Resolve(d *document.Document, tables []Table) ([]byte, error) {
	language, err := rule.NewLanguage()
	if err != nil {
		return nil, err
	}
	r := resolver{language: language, seen: map[int64]string{}, watched: tables}
	result := Stored{Version: version}
	for i := range d.Tables {
		if err := r.table(&result, &d.Tables[i]); err != nil {
			return nil, err
		}
	}
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	return result.encode()
}

// resolver binds the parts of a policy to tables and collects what is wrong with them.
type resolver struct {
	language *rule.Language
	watched  []Table
	// seen are the paths of the tables that had their turn.
	seen     map[int64]string
	problems Problems

	of     *Table
	schema *rule.Schema
}

// find finds the table with a stem, nil if there is none.
func (r *resolver) find(d *document.Table, path string) *Table {
	i := slices.IndexFunc(r.watched, func(t Table) bool { return t.Stem == d.Stem })
	switch {
	case d.Stem == document.Presence && i >= 0:
		r.problems.Add(d.Line, path, "presence means those who are there; watch the table of this name under another one")
		return nil
	case d.Stem == document.Presence:
		t := presence()
		return &t
	case i < 0:
		stems := []string{document.Presence}
		for _, t := range r.watched {
			stems = append(stems, t.Stem)
		}
		slices.Sort(stems)
		r.problems.Add(d.Line, path, "no table is watched as %q; there are: %s", d.Stem, strings.Join(stems, ", "))
		return nil
	}
	t := &r.watched[i]
	if other, twice := r.seen[t.ID]; twice {
		r.problems.Add(d.Line, path, "it is the table of %s; write its rules once", other)
		return nil
	}
	r.seen[t.ID] = path
	return t
}

func (r *resolver) table(result *Stored, d *document.Table) (err error) {
	path := "tables." + d.Stem
	t := r.find(d, path)
	if t == nil {
		return nil
	}
	if r.schema, err = r.language.Schema(t.Columns, t.Excluded); err != nil {
		return fmt.Errorf("table %s: %w", d.Stem, err)
	}
	r.of = t
	out := StoredTable{ID: t.ID, Stem: t.Stem, Open: d.Roles == nil}
	for _, c := range t.written() {
		out.Columns = append(out.Columns, StoredColumn{c.Name, c.Number})
	}
	for i := range d.Roles {
		out.Roles = append(out.Roles, r.role(&d.Roles[i], path+".roles."+d.Roles[i].Name))
	}
	taken := slices.Clone(t.Events)
	for i := range d.Events {
		e := &d.Events[i]
		out.Events = append(out.Events, r.event(e, fmt.Sprintf("%s.events[%d]", path, i), taken))
		taken = append(taken, e.Name.Text)
	}
	if t.ID == presenceID && d.Events != nil {
		r.problems.Add(d.Line, path+".events", "presence has no events of its own; leave them out")
	}
	result.Tables = append(result.Tables, out)
	return nil
}

func (r *resolver) role(d *document.Role, path string) StoredRole {
	out := StoredRole{Name: d.Name, All: d.All}
	if d.All || d.None {
		return out
	}
	written := names(r.of.written())
	switch {
	case d.Only != nil:
		only := r.known(d.Only, path+".columns.only")
		out.Columns = slices.DeleteFunc(written, func(name string) bool { return !slices.Contains(only, name) })
	default:
		except := r.known(d.Except, path+".columns.except")
		out.Columns = slices.DeleteFunc(written, func(name string) bool { return slices.Contains(except, name) })
	}
	if len(out.Columns) == 0 && len(r.of.keys()) == 0 {
		r.problems.Add(d.Line, path+".columns", "no column is left; give the role none of the table")
	}
	for _, key := range r.of.keys() {
		if !slices.Contains(out.Columns, key) {
			r.problems.Add(d.Line, path+".columns", "the key column %q cannot be withheld, since rows are known by it; let the role see it, or give it none of the table", key)
		}
	}
	if d.Rows.Text == "" {
		return out
	}
	if r.of.ID == presenceID {
		r.problems.Add(d.Rows.Line, path+".rows", "presence has no rows; say columns, {} or none")
		return out
	}
	_, wrong := r.schema.Rows(d.Rows.Text)
	r.wrong(d.Rows.Line, path+".rows", wrong)
	out.Rows = d.Rows.Text
	return out
}

// known checks that columns exist, and returns their names.
func (r *resolver) known(columns []document.Name, path string) []string {
	written := names(r.of.written())
	var list []string
	for _, c := range columns {
		switch {
		case slices.Contains(written, c.Text):
			list = append(list, c.Text)
		case slices.Contains(r.of.Excluded, c.Text):
			r.problems.Add(c.Line, path, "the column %q is excluded from capture, so nobody sees it; leave it out", c.Text)
		default:
			r.problems.Add(c.Line, path, "there is no column %q; there are: %s", c.Text, strings.Join(written, ", "))
		}
	}
	return list
}

func (r *resolver) wrong(line int, path string, wrong []string) {
	for _, text := range wrong {
		r.problems.Add(line, path, "%s", text)
	}
}

func (r *resolver) event(d *document.Event, path string, taken []string) StoredEvent {
	stem, name := r.of.Stem, d.Name.Text
	verb, ours := strings.CutPrefix(name, stem+":")
	switch {
	case !ours:
		r.problems.Add(d.Name.Line, path+".name", "the name begins with that of the table, as in %s:%s", stem, name[strings.LastIndexByte(name, ':')+1:])
	case verb == "" || strings.Trim(verb, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "":
		r.problems.Add(d.Name.Line, path+".name", "after the colon there are letters, digits, '-', '_' and '.'")
	case len(name) > maxEventName:
		r.problems.Add(d.Name.Line, path+".name", "it has %d bytes, at most %d are allowed", len(name), maxEventName)
	case slices.Contains(taken, name):
		r.problems.Add(d.Name.Line, path+".name", "there is an event %s already; give this one another name", name)
	}
	out := StoredEvent{Name: name, On: d.On, When: d.When.Text}
	if d.Data != nil {
		out.Data = r.known(d.Data, path+".data")
	}
	if d.When.Text == "" {
		return out
	}
	when, wrong := r.schema.When(d.When.Text)
	r.wrong(d.When.Line, path+".when", wrong)
	if when != nil && when.Old() && slices.Equal(d.On, []string{"insert"}) {
		r.problems.Add(d.When.Line, path+".when", "on insert there is no old row; use row, or on: update")
	}
	return out
}
