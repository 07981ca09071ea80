package policy

import (
	"encoding/json"
	"slices"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/view/policy/rule"
)

// Event is an event of its own that a policy gives a table.
type Event struct {
	name string
	on   []string
	when *rule.Rule
	data []string
	// members are the names in data, as keys of JSON.
	members [][]byte
	columns []string
	closed  bool
	counter Counter
}

// Name is the name of the event.
func (e *Event) Name() string { return e.name }

// On are the operations on which it may happen, as feed.Op writes them.
func (e *Event) On() []string { return slices.Clone(e.on) }

// Data are the columns in its data, nil if that is the row.
func (e *Event) Data() []string { return slices.Clone(e.data) }

// Columns are those that its condition and its data name. It comes to a viewer that
// sees all of them; see [Decision.Derived].
func (e *Event) Columns() []string { return e.columns }

// newEvent makes an event of its stored form. It never happens if the condition cannot
// be compiled, or names a column that there is not.
func newEvent(r *StoredEvent, schema *rule.Schema, counter Counter) (*Event, []string) {
	e := &Event{name: r.Name, on: r.On, data: r.Data, counter: counter}
	for _, name := range r.Data {
		quoted, err := json.Marshal(name)
		if err != nil {
			return e, []string{err.Error()}
		}
		e.members = append(e.members, append(quoted, ':'))
	}
	e.columns = slices.Clone(r.Data)
	if r.When == "" {
		return e, nil
	}
	when, wrong := schema.When(r.When)
	if e.closed = wrong != nil; e.closed {
		return e, wrong
	}
	e.when = when
	e.columns = slices.Compact(slices.Sorted(slices.Values(slices.Concat(e.columns, when.Columns()))))
	return e, nil
}

// Happens says whether the event happens with a change of one row. Of an update, before
// may lack what is in after.
func (e *Event) Happens(op feed.Op, before, after *row.Row, tenant string) bool {
	if e.closed || !slices.Contains(e.on, op.String()) {
		return false
	}
	if e.when == nil {
		return true
	}
	var now, old *rule.Image
	switch op {
	case feed.Insert:
		now = &rule.Image{Row: after}
	case feed.Update:
		now, old = &rule.Image{Row: after}, &rule.Image{Row: before, Rest: after}
	default:
		now = &rule.Image{Row: before}
		old = now
	}
	happens, err := e.when.Happens(now, old, op.String(), tenant)
	if err != nil {
		e.counter.EventFailed(e.name)
	}
	return happens && err == nil
}

// AppendData appends the data of the event, of the row that it is about: the new one, or
// the one that is deleted. What the viewer sees of that is in columns.
func (e *Event) AppendData(dst []byte, columns *Columns, r *row.Row) []byte {
	if e.data == nil {
		return columns.AppendRow(dst, r, nil)
	}
	dst = append(dst, '{')
	for i, name := range e.data {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e.members[i]...)
		if at := r.Find(name); at >= 0 && columns.Has(name) {
			dst = r.AppendValue(dst, at)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}
