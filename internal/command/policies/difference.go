package policies

import (
	"fmt"
	"slices"
	"strings"

	"rowcast/internal/view/policy"
)

// anyone is the role of those who have none of the others.
const anyone = "*"

// Differences says what changes from one policy to another, a line for each role or event
// for which something does.
func Differences(before, after *policy.Stored) (lines []string) {
	for i := range after.Tables {
		lines = append(lines, between(find(before, after.Tables[i].ID), &after.Tables[i])...)
	}
	for i := range before.Tables {
		if find(after, before.Tables[i].ID) == nil {
			lines = append(lines, between(&before.Tables[i], nil)...)
		}
	}
	return lines
}

func find(s *policy.Stored, id int64) *policy.StoredTable {
	for i := range s.Tables {
		if s.Tables[i].ID == id {
			return &s.Tables[i]
		}
	}
	return nil
}

// between says what changes for a table, of which one may have no rules.
func between(before, after *policy.StoredTable) (lines []string) {
	stem := ""
	var names []string
	for _, t := range []*policy.StoredTable{before, after} {
		if t == nil {
			continue
		}
		stem = t.Stem
		for _, r := range t.Roles {
			names = append(names, r.Name)
		}
	}
	names = append(names, anyone)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		old, now := role(before, name), role(after, name)
		if what := change(&old, &now); what != "" {
			who := "role " + name
			if name == anyone {
				who = "everybody else"
			}
			lines = append(lines, fmt.Sprintf("%s, %s: %s", stem, who, what))
		}
	}
	return append(lines, events(stem, before, after)...)
}

// role is what those with a role see of a table.
func role(t *policy.StoredTable, name string) policy.StoredRole {
	if t == nil || t.Open {
		return policy.StoredRole{All: true}
	}
	for _, wanted := range []string{name, anyone} {
		for _, r := range t.Roles {
			if r.Name == wanted {
				return r
			}
		}
	}
	return policy.StoredRole{}
}

// change says what is different. It is empty for the same.
func change(old, now *policy.StoredRole) string {
	if old.All || now.All || old.Columns == nil || now.Columns == nil {
		if is, was := sight(now), sight(old); is != was {
			return fmt.Sprintf("sees %s, before %s", is, was)
		}
		return ""
	}
	var parts []string
	for _, verb := range []struct {
		word     string
		of, than []string
	}{{"gains", now.Columns, old.Columns}, {"loses", old.Columns, now.Columns}} {
		if more := beyond(verb.of, verb.than); more != nil {
			parts = append(parts, verb.word+" "+strings.Join(more, ", "))
		}
	}
	if old.Rows != now.Rows {
		parts = append(parts, fmt.Sprintf("sees %s, before %s", rows(now), rows(old)))
	}
	return strings.Join(parts, "; ")
}

// sight is what a role sees, in words.
func sight(r *policy.StoredRole) string {
	switch {
	case r.All:
		return "everything"
	case r.Columns == nil:
		return "nothing"
	}
	return fmt.Sprintf("%s of %s", strings.Join(r.Columns, ", "), rows(r))
}

func rows(r *policy.StoredRole) string { return rowsWhere(r.Rows) }

func rowsWhere(condition string) string {
	if condition == "" {
		return "all rows"
	}
	return "rows where " + strings.Join(strings.Fields(condition), " ")
}

// beyond are the names that the other list lacks.
func beyond(names, others []string) (more []string) {
	for _, name := range names {
		if !slices.Contains(others, name) {
			more = append(more, name)
		}
	}
	return more
}

// events says which events of its own a table gets, loses or has otherwise.
func events(stem string, before, after *policy.StoredTable) (lines []string) {
	old, now := eventsOf(before), eventsOf(after)
	for _, e := range now {
		i := slices.IndexFunc(old, func(o policy.StoredEvent) bool { return o.Name == e.Name })
		switch {
		case i < 0:
			lines = append(lines, fmt.Sprintf("%s, event %s: is new", stem, e.Name))
		case old[i].When != e.When || !slices.Equal(old[i].On, e.On) || !slices.Equal(old[i].Data, e.Data):
			lines = append(lines, fmt.Sprintf("%s, event %s: is another", stem, e.Name))
		}
	}
	for _, o := range old {
		if !slices.ContainsFunc(now, func(e policy.StoredEvent) bool { return e.Name == o.Name }) {
			lines = append(lines, fmt.Sprintf("%s, event %s: comes no more", stem, o.Name))
		}
	}
	return lines
}

func eventsOf(t *policy.StoredTable) []policy.StoredEvent {
	if t == nil {
		return nil
	}
	return t.Events
}
