package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// reader reads the nodes of a file and collects what is wrong with it.
type reader struct{ problems Problems }

// Parse reads a policy. The error is of type Problems and lists all of them.
func Parse(text []byte) (*Document, error) {
	r := &reader{}
	d := &Document{}
	if root := r.root(text); root != nil {
		r.document(d, root)
	}
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// root reads the YAML, nil if it is none.
func (r *reader) root(text []byte) *yaml.Node {
	if len(text) > MaxBytes {
		r.problems.Add(0, "", "the policy has %d bytes, at most %d are allowed", len(text), MaxBytes)
		return nil
	}
	if !utf8.Valid(text) {
		r.problems.Add(0, "", "the policy is not UTF-8; save it as such")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, more yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0:
		r.problems.Add(0, "", `the policy is empty; it begins with "tables:"`)
		return nil
	case err != nil:
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if strings.Contains(text, "did not find expected alphabetic or numeric character") {
			text += `; put "*" in quotes`
		}
		r.problems.Add(0, "", "it is no YAML: %s", text)
		return nil
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		r.problems.Add(0, "", `something follows the policy; write it as one document, without "---" or "..." inside`)
		return nil
	}
	return root.Content[0]
}

func (r *reader) document(d *Document, root *yaml.Node) {
	found := false
	r.members(root, "", "an object with the key tables", map[string]func(path string, n *yaml.Node){
		"tables": func(path string, n *yaml.Node) {
			found = true
			r.each(n, path, "an object of tables, by the stems of their events", MaxTables, func(path string, key, n *yaml.Node) {
				d.Tables = append(d.Tables, r.table(path, key, n))
			})
		},
	})
	if !found && len(r.problems) == 0 {
		r.problems.Add(root.Line, "", `"tables" is missing`)
	}
}

func (r *reader) table(path string, key, n *yaml.Node) Table {
	t := Table{Stem: key.Value, Line: key.Line}
	if t.Stem == "" || strings.ContainsAny(t.Stem, ":*") {
		r.problems.Add(key.Line, path, "name the stem alone, as in order for the events order:created and order:updated")
	}
	before := len(r.problems)
	r.members(n, path, "an object with roles or events", map[string]func(path string, n *yaml.Node){
		"roles": func(path string, n *yaml.Node) {
			r.each(n, path, "an object of roles", MaxRoles, func(path string, key, n *yaml.Node) {
				t.Roles = append(t.Roles, r.role(path, key, n))
			})
		},
		"events": func(path string, n *yaml.Node) {
			r.list(n, path, "a list of events", MaxEvents, func(path string, n *yaml.Node) {
				t.Events = append(t.Events, r.event(path, n))
			})
		},
	})
	if t.Roles == nil && t.Events == nil && len(r.problems) == before {
		r.problems.Add(key.Line, path, "say roles or events of the table, or leave it out")
	}
	return t
}

func (r *reader) role(path string, key, n *yaml.Node) Role {
	role := Role{Name: key.Value, Line: key.Line}
	if role.Name == "" || len(role.Name) > maxName {
		r.problems.Add(key.Line, path, "a role has a name of 1 to %d bytes", maxName)
	}
	const form = "{}, none, or an object with columns or rows"
	if n.Kind == yaml.ScalarNode {
		if role.None = n.Value == "none" && n.ShortTag() == "!!str"; !role.None {
			r.problems.Add(n.Line, path, "it has to be %s", form)
		}
		return role
	}
	role.All = n.Kind == yaml.MappingNode && len(n.Content) == 0
	r.members(n, path, form, map[string]func(path string, n *yaml.Node){
		"columns": func(path string, n *yaml.Node) { r.columns(&role, path, n) },
		"rows":    func(path string, n *yaml.Node) { role.Rows = r.text(path, n, "an expression") },
	})
	return role
}

func (r *reader) columns(role *Role, path string, n *yaml.Node) {
	const form = "an object with either except or only"
	before := len(r.problems)
	r.members(n, path, form, map[string]func(path string, n *yaml.Node){
		"except": func(path string, n *yaml.Node) { role.Except = r.names(path, n) },
		"only":   func(path string, n *yaml.Node) { role.Only = r.names(path, n) },
	})
	if (role.Except == nil) == (role.Only == nil) && len(r.problems) == before {
		r.problems.Add(n.Line, path, "it has to be %s", form)
	}
}

// names reads a list of columns.
func (r *reader) names(path string, n *yaml.Node) []Name {
	names := []Name{}
	seen := map[string]bool{}
	r.list(n, path, "a list of columns", maxNames, func(path string, n *yaml.Node) {
		name := r.text(path, n, "the name of a column")
		if seen[name.Text] && name.Text != "" {
			r.problems.Add(n.Line, path, "%q is there twice", name.Text)
		}
		seen[name.Text] = true
		names = append(names, name)
	})
	return names
}

func (r *reader) event(path string, n *yaml.Node) Event {
	e := Event{}
	before := len(r.problems)
	r.members(n, path, "an object with name and on, and when or data", map[string]func(path string, n *yaml.Node){
		"name": func(path string, n *yaml.Node) { e.Name = r.text(path, n, "the name of an event") },
		"on": func(path string, n *yaml.Node) {
			if n.Kind == yaml.SequenceNode {
				r.list(n, path, "a list of operations", 3, func(path string, n *yaml.Node) { e.On = r.operation(path, n, e.On) })
			} else {
				e.On = r.operation(path, n, e.On)
			}
		},
		"when": func(path string, n *yaml.Node) { e.When = r.text(path, n, "an expression") },
		"data": func(path string, n *yaml.Node) { e.Data = r.names(path, n) },
	})
	if len(r.problems) == before && (e.Name.Text == "" || e.On == nil) {
		r.problems.Add(n.Line, path, "an event has a name, and on: insert, update or delete")
	}
	return e
}

func (r *reader) operation(path string, n *yaml.Node, all []string) []string {
	op := r.text(path, n, "insert, update or delete").Text
	switch {
	case op == "":
	case !slices.Contains([]string{"insert", "update", "delete"}, op):
		r.problems.Add(n.Line, path, "there is no operation %q; there are insert, update and delete", op)
	case slices.Contains(all, op):
		r.problems.Add(n.Line, path, "%q is there twice", op)
	}
	return append(all, op)
}

// text reads a text that is not empty.
func (r *reader) text(path string, n *yaml.Node, form string) Text {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" && n.ShortTag() != "!!bool" || n.Value == "" {
		r.problems.Add(n.Line, path, "it has to be %s; put it in quotes if it is", form)
		return Text{Line: n.Line}
	}
	return Text{n.Value, n.Line}
}

// members reads an object with some of the keys.
func (r *reader) members(n *yaml.Node, path, form string, known map[string]func(path string, n *yaml.Node)) {
	r.each(n, path, form, -1, func(path string, key, n *yaml.Node) {
		read := known[key.Value]
		if read == nil {
			r.problems.Add(key.Line, path, "there is no such key; there are: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			return
		}
		read(path, n)
	})
}

// each reads the members of an object: at least one and at most most, or any number if
// that is negative.
func (r *reader) each(n *yaml.Node, path, form string, most int, one func(path string, key, n *yaml.Node)) {
	if !r.plain(n, path) {
		return
	}
	if n.Kind != yaml.MappingNode || n.ShortTag() != "!!map" {
		r.problems.Add(n.Line, path, "it has to be %s", form)
		return
	}
	if !r.fits(n, path, form, len(n.Content)/2, most) {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !r.plain(key, path) || !r.plain(value, path) {
			continue
		}
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			r.problems.Add(key.Line, path, "a key has to be a text; put %.40q in quotes", key.Value)
			continue
		}
		within := strings.TrimPrefix(path+"."+key.Value, ".")
		if line, twice := seen[key.Value]; twice {
			r.problems.Add(key.Line, within, "it is there twice, in line %d too; keep one", line)
			continue
		}
		seen[key.Value] = key.Line
		one(within, key, value)
	}
}

// list reads the elements of a list, which is not empty.
func (r *reader) list(n *yaml.Node, path, form string, most int, one func(path string, n *yaml.Node)) {
	if !r.plain(n, path) {
		return
	}
	if n.Kind != yaml.SequenceNode || n.ShortTag() != "!!seq" {
		r.problems.Add(n.Line, path, "it has to be %s", form)
		return
	}
	if !r.fits(n, path, form, len(n.Content), most) {
		return
	}
	for i, element := range n.Content {
		within := fmt.Sprintf("%s[%d]", path, i)
		if r.plain(element, within) {
			one(within, element)
		}
	}
}

// fits checks how many there are.
func (r *reader) fits(n *yaml.Node, path, form string, count, most int) bool {
	switch {
	case most < 0:
		return true
	case count == 0:
		r.problems.Add(n.Line, path, "it is empty; it has to be %s", form)
	case count > most:
		r.problems.Add(n.Line, path, "it has %d, at most %d are allowed", count, most)
	default:
		return true
	}
	return false
}

// plain refuses what makes a file mean more than it says.
func (r *reader) plain(n *yaml.Node, path string) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.problems.Add(n.Line, path, "anchors and aliases are not read; write it out")
		return false
	}
	return true
}
