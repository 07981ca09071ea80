package where

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rowcast/internal/feed/row"
)

// Kind is how the values of a column compare.
type Kind int

// The kinds of columns.
const (
	// Other values are only null or not.
	Other Kind = iota
	// Alike values are equal or not: booleans, uuids, enums.
	Alike
	// Number values are ordered as numbers.
	Number
	// Text values are ordered by their bytes.
	Text
	// Time values are dates and times with a date.
	Time
)

// Column is what a filter has to know of a column.
type Column struct {
	// Type is its type, as PostgreSQL writes it.
	Type string
	Kind Kind
	// OID and Modifier are the type without domains.
	OID      uint32
	Modifier int32
}

// Wanted is a value that is to be cast to the type of a column.
type Wanted struct {
	Column Column
	Text   string
}

// Cast casts values as PostgreSQL does, and returns each as the log writes it. One
// that cannot be cast is nil.
type Cast func(ctx context.Context, wanted []Wanted) ([]json.RawMessage, error)

// Predicate says which rows of a table match.
type Predicate struct{ any [][]test }

// test is a condition on one column.
type test struct {
	column string
	op     operator
	kind   Kind
	// values are as the log writes them.
	values []json.RawMessage
}

// Bind compiles the filter for the tables that its stems stand for. A stem or column that
// there is not is refused, with those that there are.
func (f *Filter) Bind(ctx context.Context, tables map[string]map[string]Column, cast Cast) (map[string]*Predicate, error) {
	var wanted []Wanted
	var paths []string
	for _, s := range f.stems {
		columns, known := tables[s.name]
		if !known {
			return nil, &Problem{"where." + s.name, "there is no such stem; there are: " + listed(tables)}
		}
		for _, all := range s.any {
			for _, c := range all {
				column, known := columns[c.column]
				if !known {
					return nil, &Problem{c.path, "there is no such column; there are: " + listed(columns)}
				}
				if err := c.fits(column); err != nil {
					return nil, err
				}
				for _, v := range c.values {
					wanted = append(wanted, Wanted{column, v})
					paths = append(paths, c.path)
				}
			}
		}
	}
	values, err := cast(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("cast the values of the filter: %w", err)
	}
	for i, v := range values {
		if v == nil {
			return nil, &Problem{paths[i], fmt.Sprintf("%q is no value of type %s", wanted[i].Text, wanted[i].Column.Type)}
		}
	}
	bound := map[string]*Predicate{}
	for _, s := range f.stems {
		p := &Predicate{}
		for _, all := range s.any {
			tests := []test{}
			for _, c := range all {
				n := len(c.values)
				tests = append(tests, test{c.column, c.op, tables[s.name][c.column].Kind, values[:n:n]})
				values = values[n:]
			}
			p.any = append(p.any, tests)
		}
		bound[s.name] = p
	}
	return bound, nil
}

// Key is the same for bound filters that match the same rows. Equal texts may stand for
// others later: a column may get another type.
func Key(bound map[string]*Predicate) string {
	var b strings.Builder
	for _, stem := range slices.Sorted(maps.Keys(bound)) {
		fmt.Fprintf(&b, "%q[", stem)
		for _, all := range bound[stem].any {
			b.WriteByte('(')
			for _, t := range all {
				fmt.Fprintf(&b, "%q %s %d %s;", t.column, t.op, t.kind, t.values)
			}
			b.WriteByte(')')
		}
		b.WriteByte(']')
	}
	return b.String()
}

// fits says whether a condition can be asked of a column.
func (c *condition) fits(column Column) error {
	ordered := column.Kind == Number || column.Kind == Text || column.Kind == Time
	switch c.op {
	case isNull, isNotNull:
		return nil
	case isEqual, isNot, isIn:
		if column.Kind != Other {
			return nil
		}
	case isLess, isAtMost, isGreater, isAtLeast:
		if ordered {
			return nil
		}
	}
	return &Problem{c.path, fmt.Sprintf("a column of type %s cannot be compared with %s; null and {\"ne\":null} are possible", column.Type, c.op)}
}

func listed[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

// Match says whether a row matches. What it lacks is taken from rest, or is null.
func (p *Predicate) Match(r, rest *row.Row) bool {
	for _, all := range p.any {
		if matches(all, r, rest) {
			return true
		}
	}
	return false
}

func matches(all []test, r, rest *row.Row) bool {
	for i := range all {
		value := r.Column(all[i].column)
		if value == nil && rest != nil {
			value = rest.Column(all[i].column)
		}
		if !all[i].holds(value) {
			return false
		}
	}
	return true
}

// holds says whether a value meets the condition; null compares as unknown, which is no.
func (t *test) holds(value []byte) bool {
	null := value == nil || string(value) == "null"
	switch {
	case t.op == isNull || t.op == isNotNull:
		return null == (t.op == isNull)
	case null:
		return false
	case t.op == isIn:
		for _, v := range t.values {
			if t.kind.equal(value, v) {
				return true
			}
		}
		return false
	case t.op == isEqual:
		return t.kind.equal(value, t.values[0])
	case t.op == isNot:
		return !t.kind.equal(value, t.values[0])
	}
	order := t.kind.compare(value, t.values[0])
	switch t.op {
	case isLess:
		return order < 0
	case isAtMost:
		return order <= 0
	case isGreater:
		return order > 0
	default:
		return order >= 0
	}
}
