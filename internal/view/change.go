package view

import (
	"strings"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/view/where"
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
	// fields are memory for those of the rows.
	fields [2][]row.Field
	// entered and left are the events in whose place a row enters or leaves, once made.
	entered, left *feed.Event
}

// Set begins with another change and its events.
func (c *Change) Set(change *feed.Change, events []feed.Event) {
	c.change, c.events = change, events
	c.scanned, c.entered, c.left = false, nil, nil
}

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

// See is what a view that has decided so sees of event i, nil for nothing.
func (c *Change) See(decided where.Match, i int) *feed.Event {
	e := &c.events[i]
	switch {
	case decided == where.Plain || e.Unreadable != nil:
		return e
	case decided == where.None:
		return nil
	case !strings.HasPrefix(e.Name, c.change.Name) || e.Name[len(c.change.Name):] != updated:
		return e
	case decided == where.Entered:
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

// alone is the event of one side of an update.
func alone(e *feed.Event, match string) *feed.Event {
	one := *e
	one.Match, one.Changed, one.Previous = match, nil, nil
	return &one
}
