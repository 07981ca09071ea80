package where

import (
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
)

// Match is what a change is to a client with a filter.
type Match int

// What a change can be.
const (
	// None is of no row that matches.
	None Match = iota
	// Plain is of rows that match.
	Plain
	// Entered is of a row that matches since.
	Entered
	// Left is of a row that matched until then.
	Left
)

// Decide says what a change of one row is. before and after are its rows; of an update,
// before may lack what is in after.
func (p *Predicate) Decide(op feed.Op, before, after *row.Row) Match {
	switch op {
	case feed.Insert, feed.Replay:
		return p.alone(after)
	case feed.Delete:
		return p.alone(before)
	case feed.Update:
	case feed.Truncate, feed.Unordered:
		return Plain
	}
	was, is := p.Match(before, after), p.Match(after, nil)
	switch {
	case was && is:
		return Plain
	case is:
		return Entered
	case was:
		return Left
	}
	return None
}

func (p *Predicate) alone(r *row.Row) Match {
	if p.Match(r, nil) {
		return Plain
	}
	return None
}
