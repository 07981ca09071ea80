package policy

import (
	"slices"

	"rowcast/internal/view/policy/document"
	"rowcast/internal/view/policy/rule"
)

// Column is a column of a table. Kind is one of the kinds of the package rule.
type Column = rule.Column

// Table is a watched table as it is now.
type Table struct {
	// ID names the table, whatever it is watched as. It is greater than 0. Rules are
	// bound to it.
	ID int64
	// Stem is that of its events, as it is watched now.
	Stem    string
	Columns []Column
	// Key are the columns of its key, none if it has no key.
	Key []string
	// Excluded are the columns that capture leaves out.
	Excluded []string
	// Events are the names of the events that it has anyway.
	Events []string
}

// presenceID stands for the table of those who are there.
const presenceID = -1

// presence is the table of those who are there, which no rows rule is for.
func presence() Table {
	t := Table{ID: presenceID, Stem: document.Presence, Key: []string{"id"}}
	for _, name := range []string{"id", "name", "role", "since", "connections", "topics", "typing"} {
		t.Columns = append(t.Columns, Column{Name: name, Kind: rule.Other})
	}
	return t
}

// written are the columns that rows have.
func (t *Table) written() []Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return slices.Contains(t.Excluded, c.Name) })
}

// keys are the columns of the key that rows have.
func (t *Table) keys() []string {
	return slices.DeleteFunc(slices.Clone(t.Key), func(name string) bool { return slices.Contains(t.Excluded, name) })
}

func names(columns []Column) []string {
	list := make([]string, len(columns))
	for i := range columns {
		list[i] = columns[i].Name
	}
	return list
}
