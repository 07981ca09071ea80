package view

import (
	"rowcast/internal/feed"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/where"
)

// View is what a kind of subscription sees: the client's wish, and what the policy lets it
// see. It is not changed. Nil sees everything that is for its session.
type View struct {
	key    string
	filter map[string]*where.Predicate
	viewer *policy.Viewer
}

// New makes the view of a filter that was bound to the tables of its stems.
func New(key string, filter map[string]*where.Predicate) *View {
	return &View{key: key, filter: filter}
}

// For is the view as a viewer has it; nil sees what the policy lets everybody see.
func (v *View) For(viewer *policy.Viewer) *View {
	if viewer == nil || viewer.Tag() == "" {
		return v
	}
	seen := View{key: viewer.Key(), viewer: viewer}
	if v != nil {
		seen.key, seen.filter = seen.key+" "+v.key, v.filter
	}
	return &seen
}

// Key is the same for views that see the same. That of nil is empty.
func (v *View) Key() string {
	if v == nil {
		return ""
	}
	return v.key
}

// Filters says whether the client has asked for some rows alone.
func (v *View) Filters() bool { return v != nil && len(v.filter) > 0 }

// Tag names in cursors what the policy lets the view see, empty for everything.
func (v *View) Tag() string {
	if v == nil || v.viewer == nil {
		return ""
	}
	return v.viewer.Tag()
}

// Mask is the same for views that see the same columns.
func (v *View) Mask() string {
	if v == nil || v.viewer == nil {
		return ""
	}
	return v.viewer.Mask()
}

// None says whether the view sees nothing of a table, by its number.
func (v *View) None(relation int64) bool {
	access := v.Access(relation)
	return access != nil && access.None()
}

// Hides says whether the view sees nothing of the table that is watched under a stem.
func (v *View) Hides(stem string) bool {
	return v != nil && v.viewer != nil && v.viewer.OfStem(stem).None()
}

// Access is what the policy lets the view see of a table; nil if that is everything.
func (v *View) Access(relation int64) *policy.Access {
	if v == nil || v.viewer == nil {
		return nil
	}
	return v.viewer.Table(relation)
}

// Seen is what a view sees of a change, for a part of the sessions: which rows come, and
// which columns of them.
type Seen struct {
	Was, Is bool
	// of is the decision of the policy, nil if everything is seen of the rows that come.
	of *policy.Decision
	// access is that of the table, nil without a policy.
	access *policy.Access
	// both says that both rows are for the part, so that a derived event may come.
	both bool
	// tag is that of the view.
	tag string
}

// Decide says what the view sees of the change, for each of its parts. Views with the same
// key decide once.
func (v *View) Decide(c *Change) []Seen {
	if v == nil {
		return c.unseen()
	}
	seen, known := c.decided[v.Key()]
	if known {
		return seen
	}
	first := len(c.seen)
	for _, p := range c.Parts() {
		s := v.decide(c, p)
		s.tag = v.Tag()
		c.seen = append(c.seen, s)
	}
	seen = c.seen[first:]
	if c.decided == nil {
		c.decided = map[string][]Seen{}
	}
	c.decided[v.Key()] = seen
	return seen
}

// unseen is what is seen where no view looks.
func (c *Change) unseen() []Seen {
	if len(c.plain) == 0 {
		for _, p := range c.Parts() {
			c.plain = append(c.plain, Seen{Was: p.Was, Is: p.Is, both: p.Was && p.Is})
		}
	}
	return c.plain
}

func (v *View) decide(c *Change, p Part) Seen {
	seen := Seen{Was: p.Was, Is: p.Is, both: p.Was && p.Is}
	if v.viewer != nil {
		seen.access = v.viewer.Table(c.change.Relation)
	}
	filter := v.filter[c.change.Name]
	switch {
	case !c.hasRows() || !c.read():
		if seen.access != nil && (seen.access.None() || c.unreadable() && !seen.access.Unreadable()) {
			return Seen{access: seen.access}
		}
	case seen.access != nil && !seen.access.Everything():
		d := seen.access.Decide(&policy.Question{
			Op: c.change.Op, Before: &c.before, After: &c.after, Filter: filter, HidesBefore: !p.Was, HidesAfter: !p.Is,
		})
		seen.Was, seen.Is, seen.of = d.Was, d.Is, &d
	case filter != nil:
		was, is := filter.Sides(c.change.Op, &c.before, &c.after)
		switch c.change.Op {
		case feed.Insert, feed.Replay:
			was = is
		case feed.Delete:
			is = was
		case feed.Update, feed.Truncate, feed.Unordered:
		}
		seen.Was, seen.Is = p.Was && was, p.Is && is
	}
	return seen
}

// hasRows says whether a view can look at rows of the change.
func (c *Change) hasRows() bool {
	return !c.change.Bulk && c.change.Op != feed.Truncate && c.change.Unreadable == nil
}

// unreadable says whether the change is of one row, which nobody can read.
func (c *Change) unreadable() bool { return !c.change.Bulk && c.change.Op != feed.Truncate }
