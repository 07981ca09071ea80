package where

import (
	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
)

// Sides says which rows of a change match: the one that was, and the one that is. Of an
// update, before may lack what is in after. An operation has the rows that it has.
func (p *Predicate) Sides(op feed.Op, before, after *row.Row) (was, is bool) {
	switch op {
	case feed.Insert, feed.Replay:
		return false, p.Match(after, nil)
	case feed.Delete:
		return p.Match(before, nil), false
	case feed.Update:
		if failpoint.Leaks(failpoint.OldImage) {
			return p.Match(before, after), p.Match(before, after)
		}
		return p.Match(before, after), p.Match(after, nil)
	case feed.Truncate, feed.Unordered:
	}
	return true, true
}
