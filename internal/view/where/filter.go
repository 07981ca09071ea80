package where

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The bounds of a filter.
const (
	maxBytes        = 8 << 10
	maxAlternatives = 8
	maxColumns      = 16
	maxValues       = 100
)

// Problem is why a filter is refused, and where in it.
type Problem struct{ Path, Detail string }

func (p *Problem) Error() string { return p.Path + ": " + p.Detail }

// Filter is what a client wants, by stem. A stem that is not there is not filtered.
type Filter struct{ stems []stem }

type stem struct {
	name string
	// any are the alternatives: a row matches if one of them holds.
	any []conditions
}

// conditions hold if each does. They are in the order of columns and operators.
type conditions []condition

type condition struct {
	path, column string
	op           operator
	// values are the texts of those to compare with: a number and its text are cast alike.
	// There is one, but for isIn; and none for isNull and isNotNull.
	values []string
}

type operator string

const (
	isNull    operator = "null"
	isNotNull operator = "not null"
	isEqual   operator = "eq"
	isNot     operator = "ne"
	isIn      operator = "in"
	isLess    operator = "lt"
	isAtMost  operator = "lte"
	isGreater operator = "gt"
	isAtLeast operator = "gte"
)

// operators are those that a client writes.
func operators() []operator {
	return []operator{isEqual, isNot, isIn, isLess, isAtMost, isGreater, isAtLeast}
}

// known names them for people.
func known() string {
	var names []string
	for _, op := range operators() {
		names = append(names, string(op))
	}
	return strings.Join(names, ", ")
}

// Canonical is a text that is the same for filters that want the same, written in
// another order or form.
func (f *Filter) Canonical() string {
	var b strings.Builder
	for _, s := range f.stems {
		fmt.Fprintf(&b, "%q[", s.name)
		for _, all := range s.any {
			b.WriteString(all.canonical())
		}
		b.WriteByte(']')
	}
	return b.String()
}

func (all conditions) canonical() string {
	var b strings.Builder
	b.WriteByte('(')
	for _, c := range all {
		fmt.Fprintf(&b, "%q %s", c.column, c.op)
		for _, v := range c.values {
			fmt.Fprintf(&b, " %q", v)
		}
		b.WriteByte(';')
	}
	b.WriteByte(')')
	return b.String()
}

// settle brings a filter into its canonical order.
func (f *Filter) settle() {
	slices.SortFunc(f.stems, func(a, b stem) int { return cmp.Compare(a.name, b.name) })
	for i := range f.stems {
		s := &f.stems[i]
		for _, all := range s.any {
			for k := range all {
				slices.Sort(all[k].values)
				all[k].values = slices.Compact(all[k].values)
			}
			slices.SortStableFunc(all, func(a, b condition) int {
				return cmp.Or(cmp.Compare(a.column, b.column), cmp.Compare(a.op, b.op))
			})
		}
		slices.SortFunc(s.any, func(a, b conditions) int { return cmp.Compare(a.canonical(), b.canonical()) })
		s.any = slices.CompactFunc(s.any, func(a, b conditions) bool { return a.canonical() == b.canonical() })
	}
}

// Parse reads a filter: {"<stem>": {"<column>": <condition>, …} or [{…}, …], …}.
func Parse(text []byte) (*Filter, error) {
	if len(text) > maxBytes {
		return nil, &Problem{"where", fmt.Sprintf("it has %d bytes, at most %d are allowed", len(text), maxBytes)}
	}
	r := reader{columns: map[string]bool{}}
	f := &Filter{}
	err := r.members("where", text, "stems of events", func(path, name string, text json.RawMessage) error {
		if name == "" || strings.Contains(name, ":") {
			return &Problem{path, "name the stem alone, as in \"order\" for the events order:created and order:updated"}
		}
		s := stem{name: name}
		alternatives := []json.RawMessage{text}
		if kind(text) == '[' {
			if err := json.Unmarshal(text, &alternatives); err != nil {
				return &Problem{path, err.Error()}
			}
			if n := len(alternatives); n == 0 || n > maxAlternatives {
				return &Problem{path, fmt.Sprintf("it has %d alternatives; 1 to %d are allowed", n, maxAlternatives)}
			}
		}
		for i, text := range alternatives {
			at := path
			if kind(text) != '{' || len(alternatives) > 1 {
				at = fmt.Sprintf("%s[%d]", path, i)
			}
			all, err := r.conditions(at, text)
			if err != nil {
				return err
			}
			s.any = append(s.any, all)
		}
		f.stems = append(f.stems, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f.settle()
	return f, nil
}
