package view

import (
	"rowcast/internal/feed"
	"rowcast/internal/view/where"
)

// View is what a kind of subscription sees. It is not changed. Nil sees everything.
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

// Decide says what the change is to the view.
func (v *View) Decide(c *Change) where.Match {
	if v == nil || !c.hasRows() {
		return where.Plain
	}
	p := v.filter[c.change.Name]
	if p == nil {
		return where.Plain
	}
	if !c.read() {
		return where.Plain
	}
	return p.Decide(c.change.Op, &c.before, &c.after)
}

// hasRows says whether a view can look at rows of the change.
func (c *Change) hasRows() bool {
	return !c.change.Bulk && c.change.Op != feed.Truncate && c.change.Unreadable == nil
}
