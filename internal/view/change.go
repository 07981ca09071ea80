package view

import (
	"encoding/json"
	"strings"

	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/mapping"
	"rowcast/internal/view/policy"
)

// The words that say what a row did to a view.
const (
	Entered = "entered"
	Left    = "left"
)

// updated is the verb of the event that is of a row and not derived from it.
const updated = ":updated"

// Change is a change with its events while views look at it. It is used again for the
// next one, see Set.
type Change struct {
	change *feed.Change
	events []feed.Event
	// scanned and readable say whether the rows were read, and could be.
	scanned, readable bool
	before, after     row.Row
	// fields are memory for those of the rows, memory is that of parts.
	fields [2][]row.Field
	parts  []Part
	memory [2]Part
	// decided is what views have decided, by their keys.
	decided map[string][]Seen
	// seen is memory for that.
	seen []Seen
	// plain is what is seen without a view.
	plain []Seen
	// own are the events that the policy gives the table beside those of the catalogue.
	own []*policy.Event
	// masked are the events as policies let them be seen, tagged those with the cursor of a
	// view, once made.
	masked []masked
	tagged []tagged
	// entered and left are the events in whose place a row enters or leaves, and brief is
	// that of a statement without its rows, once made.
	entered, left, brief *feed.Event
}

// Set begins with another change, and the events of its own that the policy gives the table.
func (c *Change) Set(change *feed.Change, own Own) {
	c.change, c.own = change, own
	c.events = nil
	c.scanned, c.entered, c.left, c.brief, c.parts = false, nil, nil, nil, nil
	c.plain, c.seen = c.plain[:0], c.seen[:0]
	clear(c.masked)
	clear(c.tagged)
	c.masked, c.tagged = c.masked[:0], c.tagged[:0]
	clear(c.decided)
}

// Events makes the events of a change, of the catalogue and those that the policy adds, and
// sets c to the change. guard is what happens to those that cannot be made.
func (c *Change) Events(toEvents Map, own func(relation int64) Own, guard Guard) Map {
	all := func(dst []feed.Event, change *feed.Change) []feed.Event {
		return c.appendOwn(toEvents(dst, change), len(dst))
	}
	return func(dst []feed.Event, change *feed.Change) []feed.Event {
		c.Set(change, own(change.Relation))
		return guard.Events(dst, change, all)
	}
}

// Own are the events of its own that a policy gives a table.
type Own = []*policy.Event

// Map appends the events of a change, with their cursors.
type Map = func(dst []feed.Event, c *feed.Change) []feed.Event

// Guard makes the events of a change as a Map does, or what there is in their place.
type Guard interface {
	Events(dst []feed.Event, c *feed.Change, toEvents Map) []feed.Event
}

// With has views look at these events of the change.
func (c *Change) With(events []feed.Event) { c.events = events }

// Decisions is how often views have decided on the change.
func (c *Change) Decisions() int { return len(c.decided) }

// read reads the rows, and says whether they can be.
func (c *Change) read() bool {
	if c.scanned {
		return c.readable
	}
	c.scanned, c.before, c.after = true, row.Row{}, row.Row{}
	c.readable = c.scan(&c.before, c.change.Before, 0) && c.scan(&c.after, c.change.After, 1)
	return c.readable
}

func (c *Change) scan(r *row.Row, text []byte, i int) bool {
	if text == nil {
		return true
	}
	*r = row.Scan(text, c.fields[i][:0])
	c.fields[i] = r.Fields
	return r.OK
}

// See is what is seen of event i by a view that has decided so, nil for nothing. Its cursor
// names the view.
func (c *Change) See(seen Seen, i int) *feed.Event {
	e := c.see(seen, i)
	if e == nil || seen.tag == "" {
		return e
	}
	for _, t := range c.tagged {
		if t.of == e && t.event.Cursor.Tag == seen.tag {
			return t.event
		}
	}
	one := *e
	one.Cursor.Tag = seen.tag
	c.tagged = append(c.tagged, tagged{e, &one})
	return &one
}

// tagged is an event with the cursor of a view.
type tagged struct{ of, event *feed.Event }

func (c *Change) see(seen Seen, i int) *feed.Event {
	e := &c.events[i]
	if !c.hasRows() || e.Unreadable != nil {
		return c.withoutRows(seen, e)
	}
	switch {
	case !seen.Was && !seen.Is:
		return nil
	case c.derived(e):
		return c.seeDerived(seen, i)
	case seen.of != nil:
		return c.mask(seen, i)
	case c.change.Op != feed.Update || seen.Was && seen.Is:
		return e
	case seen.Is:
		if c.entered == nil {
			c.entered = alone(e, Entered)
		}
		return c.entered
	}
	if c.left == nil {
		c.left = alone(e, Left)
		c.left.Data = row.AppendOld(nil, &c.before, &c.after)
	}
	return c.left
}

// derived says whether the event is not that of the row itself.
func (c *Change) derived(e *feed.Event) bool {
	verb, own := strings.CutPrefix(e.Name, c.change.Name)
	switch c.change.Op {
	case feed.Insert:
		return !own || verb != ":created"
	case feed.Update:
		return !own || verb != updated
	case feed.Delete:
		return !own || verb != ":deleted"
	case feed.Replay, feed.Truncate, feed.Unordered:
	}
	return false
}

// seeDerived is See of an event that is derived: it comes if all rows of the change are for
// the session, and either matches its own filter. Under a policy the session has to see
// every column that the event is made of, too.
func (c *Change) seeDerived(seen Seen, i int) *feed.Event {
	e := &c.events[i]
	if seen.of == nil {
		if c.change.Op == feed.Update && !seen.both {
			return nil
		}
		return e
	}
	named := c.named(e.Name)
	if failpoint.Leaks(failpoint.UnmaskedOwn) {
		named = nil
	}
	if !seen.of.Derived(named...) {
		return nil
	}
	return c.mask(seen, i)
}

// named are the columns that an event is made of, of those that the row has.
func (c *Change) named(event string) (columns []string) {
	for _, own := range c.own {
		if own.Name() == event {
			return own.Columns()
		}
	}
	for _, alike := range mapping.Named(c.change.Name, event) {
		for _, name := range alike {
			if c.after.Find(name) >= 0 || c.before.Find(name) >= 0 {
				columns = append(columns, name)
				break
			}
		}
	}
	return columns
}

// withoutRows is what is seen of an event that has no rows. Of a statement on a table whose
// rows are not all for everybody, how many there were is not said.
func (c *Change) withoutRows(seen Seen, e *feed.Event) *feed.Event {
	whole := c.change.Audience.Column == "" && (seen.access == nil || seen.access.Everything())
	switch {
	case !seen.Was && !seen.Is:
		return nil
	case whole || !c.change.Bulk || e.Unreadable != nil:
		return e
	}
	if c.brief == nil {
		brief := *e
		brief.From, brief.Data = 0, statement(e.Source)
		c.brief = &brief
	}
	return c.brief
}

// statement is what is said of a statement when its rows are not all for everybody.
func statement(of feed.Source) []byte {
	data, err := json.Marshal(struct {
		Operation string `json:"operation"`
		Table     string `json:"table"`
	}{of.Op, of.Table})
	if err != nil { // strings always have a JSON form
		return []byte("{}")
	}
	return data
}

// alone is the event of one side of an update.
func alone(e *feed.Event, match string) *feed.Event {
	one := *e
	one.Match, one.Changed, one.Previous = match, nil, nil
	return &one
}
