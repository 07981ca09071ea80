package view

import (
	"encoding/json"
	"strings"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
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
	decided map[string]Sides
	// entered and left are the events in whose place a row enters or leaves, and brief is
	// that of a statement without its rows, once made.
	entered, left, brief *feed.Event
}

// Set begins with another change and its events.
func (c *Change) Set(change *feed.Change, events []feed.Event) {
	c.change, c.events = change, events
	c.scanned, c.entered, c.left, c.brief, c.parts = false, nil, nil, nil, nil
	clear(c.decided)
}

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

// See is what sessions of a part see of event i by a view that has decided so, nil for
// nothing.
func (c *Change) See(p Part, decided Sides, i int) *feed.Event {
	e := &c.events[i]
	if !c.hasRows() || e.Unreadable != nil {
		return c.withoutRows(p, e)
	}
	was, is := p.Was && decided.Was, p.Is && decided.Is
	switch c.change.Op {
	case feed.Insert, feed.Replay:
		was = is
	case feed.Delete:
		is = was
	case feed.Update, feed.Truncate, feed.Unordered:
	}
	derived := !strings.HasPrefix(e.Name, c.change.Name) || e.Name[len(c.change.Name):] != updated
	switch {
	case !was && !is:
		return nil
	case was && is:
		return e
	case derived && p.Was && p.Is: // the client's own filter lets what either side matches pass
		return e
	case derived:
		return nil
	case is:
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

// withoutRows is what is seen of an event that has no rows. Of a statement on a table
// whose rows are each for somebody, how many there were is not said.
func (c *Change) withoutRows(p Part, e *feed.Event) *feed.Event {
	switch {
	case !p.Was && !p.Is:
		return nil
	case c.change.Audience.Column == "" || !c.change.Bulk || e.Unreadable != nil:
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
