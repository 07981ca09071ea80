package policy

import (
	"bytes"
	"slices"

	"rowcast/internal/feed/row"
)

// Columns are the columns of a row that a viewer sees. Nil is none.
type Columns struct {
	all  bool
	list []string // sorted
	set  map[string]struct{}
}

func newColumns(list []string) *Columns {
	c := &Columns{list: slices.Compact(slices.Sorted(slices.Values(list))), set: map[string]struct{}{}}
	for _, name := range c.list {
		c.set[name] = struct{}{}
	}
	return c
}

// Everything are all columns.
func Everything() *Columns { return &Columns{all: true} }

// All says whether these are all columns, those too that are added later.
func (c *Columns) All() bool { return c != nil && c.all }

// Has says whether a column is one of them.
func (c *Columns) Has(name string) bool {
	if c == nil || c.all {
		return c != nil
	}
	_, has := c.set[name]
	return has
}

// Names are their names, sorted; none if these are all columns.
func (c *Columns) Names() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.list)
}

// same says whether they are the same columns.
func (c *Columns) same(o *Columns) bool {
	return c == o || c != nil && o != nil && c.all == o.all && slices.Equal(c.list, o.list)
}

// field says whether field i of a row is one of them.
func (c *Columns) field(r *row.Row, i int) bool {
	if c.all {
		return true
	}
	if r.Fields[i].Escaped {
		return c.Has(r.Name(i))
	}
	_, has := c.set[string(r.Key(i))]
	return has
}

// of is a row that has only these columns, with its fields in buf.
func (c *Columns) of(r *row.Row, buf []row.Field) row.Row {
	kept := *r
	kept.Fields = buf
	for i := range r.Fields {
		if c.field(r, i) {
			kept.Fields = append(kept.Fields, r.Fields[i])
		}
	}
	return kept
}

// AppendRow appends the row as the viewer gets it: the members that it sees, in their
// order, as clients get them. An old row is completed by the new one, rest, whose order
// it takes; else rest is nil.
func (c *Columns) AppendRow(dst []byte, r, rest *row.Row) []byte {
	if rest == nil && c.All() {
		return append(dst, r.Normal(r.Text)...)
	}
	return c.appendRow(dst, r, rest, (*row.Row).AppendValue)
}

// AppendImage is AppendRow with the values as the log has them: what events are made of.
func (c *Columns) AppendImage(dst []byte, r, rest *row.Row) []byte {
	return c.appendRow(dst, r, rest, func(r *row.Row, dst []byte, i int) []byte { return append(dst, r.Value(i)...) })
}

// write appends the value of field i of a row.
type write = func(r *row.Row, dst []byte, i int) []byte

func (c *Columns) appendRow(dst []byte, r, rest *row.Row, value write) []byte {
	start := len(dst)
	dst = append(dst, '{')
	if c == nil {
		return append(dst, '}')
	}
	if rest != nil {
		for i := range rest.Fields {
			if !c.field(rest, i) {
				continue
			}
			if j := counterpart(rest, r, i); j >= 0 {
				dst = appendMember(dst, start, r, j, value)
			} else {
				dst = appendMember(dst, start, rest, i, value)
			}
		}
	}
	for i := range r.Fields {
		if c.field(r, i) && (rest == nil || counterpart(r, rest, i) < 0) {
			dst = appendMember(dst, start, r, i, value)
		}
	}
	return append(dst, '}')
}

// appendMember appends "key":value to the object that opens at start.
func appendMember(dst []byte, start int, r *row.Row, i int, value write) []byte {
	if len(dst) > start+1 {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, r.Key(i)...)
	dst = append(dst, '"', ':')
	return value(r, dst, i)
}

// counterpart finds in y the column that stands at i in x, -1 if there is none. As a
// rule both rows have the same columns in the same order.
func counterpart(x, y *row.Row, i int) int {
	if i < len(y.Fields) && bytes.Equal(x.Key(i), y.Key(i)) {
		return i
	}
	return y.Find(x.Name(i))
}
