package view

import (
	"rowcast/internal/feed"
	"rowcast/internal/view/where"
)

// View is what a kind of subscription sees. It is not changed. Nil sees everything that is
// for its session.
type View struct {
	key    string
	filter map[string]*where.Predicate
}

// New makes the view of a filter that was bound to the tables of its stems.
func New(key string, filter map[string]*where.Predicate) *View { return &View{key, filter} }

// Key is the same for views that see the same. That of nil is empty.
func (v *View) Key() string {
	if v == nil {
		return ""
	}
	return v.key
}

// Sides are the rows of a change that are seen.
type Sides struct{ Was, Is bool }

// Decide says which rows of the change the view sees. Views with the same key decide once.
func (v *View) Decide(c *Change) Sides {
	whole := Sides{true, true}
	if v == nil || !c.hasRows() {
		return whole
	}
	p := v.filter[c.change.Name]
	if p == nil || !c.read() {
		return whole
	}
	sides, known := c.decided[v.key]
	if !known {
		if c.decided == nil {
			c.decided = map[string]Sides{}
		}
		sides.Was, sides.Is = p.Sides(c.change.Op, &c.before, &c.after)
		c.decided[v.key] = sides
	}
	return sides
}

// hasRows says whether a view can look at rows of the change.
func (c *Change) hasRows() bool {
	return !c.change.Bulk && c.change.Op != feed.Truncate && c.change.Unreadable == nil
}
