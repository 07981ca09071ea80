package view

import (
	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/mapping"
	"rowcast/internal/view/policy"
)

// masked is an event as it is seen with columns of the rows: once made, all views that
// see the same have it.
type masked struct {
	i              int
	was, is        bool
	old, new, both *policy.Columns
	event          *feed.Event
}

// appendOwn appends to the events of the catalogue those that the policy adds. A change
// without events changes nothing, and has none of those either.
func (c *Change) appendOwn(dst []feed.Event, first int) []feed.Event {
	if len(c.own) == 0 || len(dst) == first || dst[first].Unreadable != nil || !c.hasRows() || !c.read() {
		return dst
	}
	known := len(dst)
	for _, own := range c.own {
		if !own.Happens(c.change.Op, &c.before, &c.after, c.change.Tenant) {
			continue
		}
		e := dst[first]
		e.Name = own.Name()
		about := &c.after
		if c.change.Op == feed.Delete {
			about = &c.before
		}
		e.Data = own.AppendData(nil, policy.Everything(), about)
		dst = append(dst, e)
	}
	if len(dst) > known {
		mapping.Point(dst[first:], c.change)
	}
	return dst
}

// mask is event i with the columns that are seen, nil if nothing is left of it.
func (c *Change) mask(seen Seen, i int) *feed.Event {
	d := seen.of
	for _, m := range c.masked {
		if m.i == i && m.was == d.Was && m.is == d.Is && m.old == d.Old && m.new == d.New && m.both == d.Both {
			return m.event
		}
	}
	e := c.events[i]
	switch {
	case c.derived(&e):
		e.Data = c.maskedData(d, &e)
	case c.change.Op == feed.Delete:
		e.Data = d.Old.AppendRow(nil, &c.before, nil)
	case c.change.Op == feed.Update && !d.Is:
		e.Match, e.Data = Left, d.Old.AppendRow(nil, &c.before, &c.after)
	default:
		e.Data = d.New.AppendRow(nil, &c.after, nil)
		if c.change.Op == feed.Update && !d.Was {
			e.Match = Entered
		}
	}
	if c.change.Op == feed.Update {
		maskChanges(&e, d, c.derived(&e))
	}
	made := &e
	if e.Data == nil {
		made = nil
	}
	c.masked = append(c.masked, masked{i, d.Was, d.Is, d.Old, d.New, d.Both, made})
	return made
}

// maskChanges leaves of what an update changed the columns that are seen of both rows. Of
// the event of a row of which one side comes nothing is left.
func maskChanges(e *feed.Event, d *policy.Decision, derived bool) {
	if !derived && (!d.Was || !d.Is) {
		e.Changed, e.Previous = nil, nil
		return
	}
	changed := make([]string, 0, len(e.Changed))
	for _, name := range e.Changed {
		if d.Both.Has(name) {
			changed = append(changed, name)
		}
	}
	e.Changed = changed
	if failpoint.Leaks(failpoint.UnmaskedPrevious) {
		return
	}
	previous := row.Scan(e.Previous, nil)
	e.Previous = d.Both.AppendRow(nil, &previous, nil)
}

// maskedData is the data of a derived event, made of the rows as they are seen. It is nil if
// the event does not come of them.
func (c *Change) maskedData(d *policy.Decision, e *feed.Event) []byte {
	for _, own := range c.own {
		if own.Name() != e.Name {
			continue
		}
		if c.change.Op == feed.Delete {
			return own.AppendData(nil, d.Old, &c.before)
		}
		return own.AppendData(nil, d.New, &c.after)
	}
	seen := *c.change
	if seen.Before != nil {
		rest := &c.after
		if seen.After == nil {
			rest = nil
		}
		seen.Before = d.Old.AppendImage(nil, &c.before, rest)
	}
	if seen.After != nil {
		seen.After = d.New.AppendImage(nil, &c.after, nil)
	}
	for _, made := range mapping.Events(&seen) {
		if made.Name == e.Name {
			return made.Data
		}
	}
	return nil
}
