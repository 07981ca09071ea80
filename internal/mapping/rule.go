package mapping

import (
	"strings"

	"rowcast/internal/feed"
)

// anyName stands for the stem in the event names of tables that have no rules
// of their own.
const anyName = "<name>"

// Rule is one line of the catalogue.
type Rule struct {
	// Event is the name of the event. In the rules for any other watched
	// table it begins with "<name>", which stands for the stem of that table.
	Event string
	// Table is the table that the rule was made for, "*" in the rules for any
	// other watched table.
	Table string
	// Op is the operation; 0 means any.
	Op feed.Op
	// Bulk is true when the rule is for statements, not for single rows.
	Bulk bool
	// Unreadable is true when the rule is for changes that cannot be read, in place of
	// all others.
	Unreadable bool
	// When is a further condition.
	When Condition
	// Data are the fields of the event's data. Nil means the row: the new one,
	// or the old one after a delete.
	Data []Field
}

// Shape describes the data: "the row" or "{orderId, status, …}".
func (r Rule) Shape() string {
	if r.Data == nil {
		return "the row"
	}
	names := make([]string, len(r.Data))
	for i, f := range r.Data {
		names[i] = f.Name
	}
	return "{" + strings.Join(names, ", ") + "}"
}

// Field is one field of the data of an event.
type Field struct {
	// Name is the key in the data.
	Name string
	// Of says where the value comes from.
	Of Origin
	// Columns are the candidates for a value that is a column's; the first one
	// that the table has is taken, and null if it has none.
	Columns []string
}

// Origin is where the value of a field comes from.
type Origin byte

// The origins, with the JSON types they have.
const (
	// OfColumn: a column of the row, of any type.
	OfColumn Origin = iota
	// OfOldColumn: a column of the row before the update, of any type.
	OfOldColumn
	// OfRow: the whole row, an object.
	OfRow
	// OfOperation: "insert", "update" or "delete".
	OfOperation
	// OfTable: the name of the table, a string.
	OfTable
	// OfCount: the number of rows of a bulk statement, a number.
	OfCount
	// OfFrom: the first position of a bulk statement, a number.
	OfFrom
	// OfTo: the last position of a bulk statement, a number.
	OfTo
	// OfReasons: the tables behind a dashboard event, an array of strings.
	OfReasons
	// OfReason: why a change cannot be read, one of feed.Reasons, a string.
	OfReason
)

// Condition is what a change has to meet beyond table and operation. The zero
// value is always met.
type Condition struct {
	// Kind says how Column and Value are compared.
	Kind Kind
	// Column is the column to look at.
	Column string
	// Value is a text, or for FallsTo the column that holds the threshold.
	Value string
}

// Kind is the kind of a condition.
type Kind byte

// The kinds of conditions.
const (
	// Always is met by every change.
	Always Kind = iota
	// Is: the column has the value.
	Is
	// Changes: the update gives the column another value.
	Changes
	// Becomes: the update gives the column this value, which it did not have.
	Becomes
	// FallsTo: the column was above its threshold and no longer is.
	FallsTo
	// Coalesced: several changes of the built-in tables make one event.
	Coalesced
)

// String puts the condition in words; it is empty for Always.
func (c Condition) String() string {
	switch c.Kind {
	case Is:
		return c.Column + " is " + c.Value
	case Changes:
		return c.Column + " changes"
	case Becomes:
		return c.Column + " changes to " + c.Value
	case FallsTo:
		return c.Column + " goes from above " + c.Value + " to at or below it"
	case Coalesced:
		return "at most once a second and tenant"
	default:
		return ""
	}
}

// Named are the columns that the condition and the data of an event name, each with the
// columns that stand for it where the table lacks it.
func Named(stem, event string) (columns [][]string) {
	s, own := stemOf(stem)
	for i := range s.rules {
		r := &s.rules[i]
		name := r.Event
		if !own {
			name = stem + r.Event[len(anyName):]
		}
		if name != event {
			continue
		}
		if r.When.Column != "" {
			columns = append(columns, []string{r.When.Column})
		}
		if r.When.Kind == FallsTo {
			columns = append(columns, []string{r.When.Value})
		}
		for _, f := range r.Data {
			if len(f.Columns) > 0 {
				columns = append(columns, f.Columns)
			}
		}
	}
	return columns
}
