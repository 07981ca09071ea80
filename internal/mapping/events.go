package mapping

import (
	"strconv"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
)

// columns is how many columns a table may have before a row costs a heap
// allocation for its fields.
const columns = 32

// Events returns the events of a change, in the order of the catalogue.
func Events(c *feed.Change) []feed.Event { return Append(nil, c) }

// Append appends the events of a change to dst, in the order of the catalogue.
// The events share memory with the rows of the change and with each other:
// neither may be written to afterwards.
func Append(dst []feed.Event, c *feed.Change) []feed.Event {
	if c.Unreadable != nil {
		return append(dst, c.Without(c.Unreadable))
	}
	var a, b [columns]row.Field
	v := view{c: c}
	var common feed.Event
	var text []byte
	first := len(dst)
	s, own := stemOf(c.Name)
	for i := range s.rules {
		r := &s.rules[i]
		if !applies(r, c) {
			continue
		}
		if !v.loaded {
			v.loaded = true
			v.after, v.before, v.differ = read(c, a[:0], b[:0])
			if v.differ == unknown {
				return append(dst, c.Without(&feed.Unreadable{Reason: feed.Mapping, Detail: "the row is no JSON object"}))
			}
		}
		if !v.meets(r.When) {
			continue
		}
		if len(dst) == first {
			common, text = v.common()
		}
		e := common
		e.Name = r.Event
		if !own {
			e.Name = c.Name + r.Event[len(anyName):]
		}
		e.Data = v.data(r, text)
		dst = append(dst, e)
	}
	Point(dst[first:], c)
	return dst
}

// Point gives the events of one change their cursors. The last one is past the change.
// An earlier one points into the change: its position is the one before the change, and
// Delivered counts the events. Its nonce is that of the change it points into, as the
// nonce of the position before is not known here.
func Point(events []feed.Event, c *feed.Change) {
	for i := range events {
		cursor := feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}
		if i < len(events)-1 {
			cursor.Position = c.From - 1
			cursor.Delivered = i + 1
		}
		events[i].Cursor = cursor
	}
}

// applies says whether a rule is for the operation of the change.
func applies(r *Rule, c *feed.Change) bool {
	return !r.Unreadable && r.Bulk == c.Bulk && (r.Op == 0 || r.Op == c.Op)
}

// view is a change while its events are made.
type view struct {
	c             *feed.Change
	after, before row.Row
	loaded        bool
	// differ is how many columns an update changed, or unknown.
	differ int
}

// was is the JSON text of a column before the update, nil if there was none.
func (v *view) was(column string) []byte {
	if value := v.before.Column(column); value != nil {
		return value
	}
	return v.after.Column(column)
}

// read finds the columns of the rows, in a and b, and for an update how many of
// them differ. It is unknown when a row is no JSON object.
func read(c *feed.Change, a, b []row.Field) (after, before row.Row, differ int) {
	switch {
	case c.Bulk || c.Op == feed.Truncate:
	case c.Op == feed.Insert || c.Op == feed.Replay:
		if after = row.Scan(c.After, a); !after.OK {
			differ = unknown
		}
	case c.Op == feed.Delete:
		if before = row.Scan(c.Before, b); !before.OK {
			differ = unknown
		}
	case c.Op == feed.Update:
		after, before = row.Scan(c.After, a), row.Scan(c.Before, b)
		if !after.OK || !before.OK {
			return after, before, unknown
		}
		differ = compareRows(&after, &before)
	}
	return after, before, differ
}

// common builds what the events of the change share: their fields but for name,
// data and cursor, and the row as clients get it.
func (v *view) common() (e feed.Event, text []byte) {
	c := v.c
	e = feed.Event{
		Stem:     c.Name,
		Tenant:   c.Tenant,
		Position: c.Position,
		At:       c.At,
		Source: feed.Source{
			Table:  c.Table,
			Op:     c.Op.String(),
			Tx:     strconv.FormatUint(c.Tx, 10),
			Writer: c.Writer,
		},
	}
	switch {
	case c.Bulk:
		e.From = c.From
	case c.Op == feed.Truncate:
	case c.Op == feed.Delete:
		text = v.before.Normal(c.Before)
	default:
		text = v.after.Normal(c.After)
		if c.Op == feed.Update {
			e.Changed, e.Previous = differences(&v.after, &v.before, v.differ)
		}
	}
	return e, text
}
