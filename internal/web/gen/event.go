package gen

import (
	"slices"
	"strings"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

// dashboard is the rule of the event that stands for several tables.
func dashboard() *mapping.Rule {
	all := mapping.Catalogue()
	return &all[len(all)-1]
}

// rulesOf are the rules for the events of a table. One whose condition needs a column that
// the table lacks never comes.
func rulesOf(t *Table, own bool) (rules []mapping.Rule) {
	catalogue := mapping.Catalogue()
	of := "*"
	if own {
		of = catalogue[slices.IndexFunc(catalogue, func(r mapping.Rule) bool { return r.Event == t.Stem+":created" })].Table
	}
	for _, r := range catalogue {
		if r.Table != of || r.When.Column != "" && t.column(r.When.Column) == nil {
			continue
		}
		if verb, general := strings.CutPrefix(r.Event, anyStem); general {
			r.Event = t.Stem + ":" + verb
		}
		rules = append(rules, r)
	}
	return rules
}

// event writes the member of an event of the catalogue.
func (w *writer) event(name string, s *stem, r *mapping.Rule) {
	switch text := r.When.String(); {
	case r.When.Kind == mapping.Coalesced:
		w.printf("  /** Coalesced: %s. */\n", text)
	case text != "":
		w.printf("  /** When %s. */\n", text)
	}
	if r.Data == nil {
		w.printf("  %s: %s;\n", quoted(name), s.row)
		return
	}
	members := make([]string, len(r.Data))
	for i := range r.Data {
		members[i] = s.field(&r.Data[i], r)
	}
	w.printf("  %s: { %s };\n", quoted(name), strings.Join(members, "; "))
}

// given writes the member of an event that a policy gives a table. A session
// that receives it sees all of the columns that it names.
func (w *writer) given(s *stem, e *Event) {
	if len(e.Data) == 0 {
		w.printf("  %s: %s;\n", quoted(e.Name), s.row)
		return
	}
	members := make([]string, len(e.Data))
	for i, name := range e.Data {
		members[i] = key(name) + ": null"
		if c := s.table.column(name); c != nil {
			members[i] = key(name) + ": " + c.script()
		}
	}
	w.printf("  %s: { %s };\n", quoted(e.Name), strings.Join(members, "; "))
}

// field is a member of the data.
func (s *stem) field(f *mapping.Field, r *mapping.Rule) string {
	// A session that may not see every row does not see how many a statement changed.
	hidden := s != nil && r.Bulk && s.table.Ruled
	switch f.Of {
	case mapping.OfColumn, mapping.OfOldColumn:
		return f.Name + ": " + s.column(f.Columns)
	case mapping.OfRow:
		return f.Name + ": " + s.row
	case mapping.OfOperation:
		if r.Unreadable {
			return f.Name + ": string"
		}
		return f.Name + `: "insert" | "update" | "delete" | "truncate" | "unordered"`
	case mapping.OfTable:
		return f.Name + ": string"
	case mapping.OfCount, mapping.OfFrom, mapping.OfTo:
		if hidden {
			return f.Name + "?: number"
		}
		return f.Name + ": number"
	case mapping.OfReasons:
		return f.Name + ": string[]"
	case mapping.OfReason:
		reasons := make([]string, 0, len(feed.Reasons()))
		for _, reason := range feed.Reasons() {
			reasons = append(reasons, quoted(string(reason)))
		}
		return f.Name + ": " + strings.Join(reasons, " | ")
	}
	return f.Name + ": unknown"
}

// column is the type of the first of some columns that the table has; null if it has none.
func (s *stem) column(names []string) string {
	for _, name := range names {
		if c := s.table.column(name); c != nil {
			return c.script()
		}
	}
	return "null"
}
