package policy

import (
	"bytes"

	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/view/where"
)

// fields is how many columns a row may have before a filter on it costs an allocation.
const fields = 48

// Question is a change of one row, and who else has a say in whether it is seen.
type Question struct {
	Op feed.Op
	// Before and After are the rows, as feed.Change has them: of an update, Before may
	// lack what is in After.
	Before, After *row.Row
	// Filter is the client's, nil if it has none. It sees rows as the viewer does.
	Filter *where.Predicate
	// HidesBefore and HidesAfter say that the server withholds a side for another reason,
	// such as its audience.
	HidesBefore, HidesAfter bool
}

// Decision is what a change is to a viewer.
type Decision struct {
	// Was and Is are the rows of the change that come: the one that was, and the one that
	// is. Of an operation other than an update both are the same. Without any the change
	// does not come; an update with one comes with that row alone, without what changed.
	Was, Is bool
	// Old and New are the columns that the viewer sees of each row, nil if it does not
	// see the row.
	Old, New *Columns
	// Both are the columns that may be named as changed and have a previous value: nil
	// but for an update of which the viewer sees both rows. They are of the event of the row
	// only if both come, and of those that are derived always.
	Both *Columns

	op feed.Op
	// derived is true if the viewer sees all rows of the change.
	derived bool
}

// Derived says whether an event that is derived from the change, or a policy's own,
// comes to the viewer: if it sees all rows of the change, and on each the columns that
// the event is made of.
func (d *Decision) Derived(columns ...string) bool {
	if !d.derived {
		return false
	}
	for _, name := range columns {
		if d.op != feed.Delete && !d.New.Has(name) || (d.op == feed.Delete || d.op == feed.Update) && !d.Old.Has(name) {
			return false
		}
	}
	return true
}

// Decide says what a change of one row is to the viewer. What has no rows, as a truncate
// and the summary of a bulk statement, comes unless the viewer has [Access.None] of the
// table. Without [Access.Everything] it comes without a count and positions.
func (a *Access) Decide(q *Question) Decision {
	d := Decision{op: q.Op}
	switch q.Op {
	case feed.Insert, feed.Replay:
		d.New = a.side(q.After, nil, q.HidesAfter)
		d.whole(matches(q.Filter, d.New, q.After, nil))
	case feed.Delete:
		d.Old = a.side(q.Before, nil, q.HidesBefore)
		d.whole(matches(q.Filter, d.Old, q.Before, nil))
	case feed.Update:
		a.update(q, &d)
	case feed.Truncate, feed.Unordered:
		d.Was, d.Is = !a.None(), !a.None()
	}
	return d
}

// whole says of a change of one row whether it comes.
func (d *Decision) whole(comes bool) { d.Was, d.Is, d.derived = comes, comes, comes }

// side are the columns that the viewer sees of one row.
func (a *Access) side(r, rest *row.Row, hidden bool) *Columns {
	if hidden {
		return nil
	}
	return a.Sees(r, rest)
}

func (a *Access) update(q *Question, d *Decision) {
	d.Old, d.New = a.side(q.Before, q.After, q.HidesBefore), a.side(q.After, nil, q.HidesAfter)
	d.Was, d.Is = matches(q.Filter, d.Old, q.Before, q.After), matches(q.Filter, d.New, q.After, nil)
	if failpoint.Leaks(failpoint.OldImage) && d.New != nil {
		d.Is = d.Was
	}
	d.derived = d.Old != nil && d.New != nil && (d.Was || d.Is)
	switch {
	case !d.derived:
	case !d.Old.same(d.New):
		d.Both = a.keys
	case d.New.all || shows(q.Before, q.After, d.New):
		d.Both = d.New
	default:
		d.whole(false)
	}
}

// matches says whether the viewer gets a row: it sees columns of it, and its filter
// matches them.
func matches(filter *where.Predicate, columns *Columns, r, rest *row.Row) bool {
	if columns == nil || filter == nil {
		return columns != nil
	}
	if columns.all {
		return filter.Match(r, rest)
	}
	var a, b [fields]row.Field
	masked := columns.of(r, a[:0])
	if rest == nil {
		return filter.Match(&masked, nil)
	}
	maskedRest := columns.of(rest, b[:0])
	return filter.Match(&masked, &maskedRest)
}

// shows says whether an update shows in these columns: one of them changed, or no column
// at all did.
func shows(before, after *row.Row, columns *Columns) bool {
	hidden := false
	for i := range before.Fields {
		if j := counterpart(before, after, i); j >= 0 && bytes.Equal(before.Value(i), after.Value(j)) {
			continue
		}
		if columns.field(before, i) {
			return true
		}
		hidden = true
	}
	return !hidden
}
