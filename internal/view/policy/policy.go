package policy

import (
	"errors"
	"fmt"
	"slices"

	"rowcast/internal/view/policy/document"
	"rowcast/internal/view/policy/rule"
)

// Counter counts conditions that failed. It is called by many at once.
type Counter interface {
	// RuleFailed counts a row that a role does not see because its condition failed.
	RuleFailed(stem, role string)
	// EventFailed counts an event that does not come because its condition failed.
	EventFailed(name string)
}

// Uncounted is a Counter for those that show nobody how often conditions fail.
type Uncounted struct{}

// RuleFailed implements Counter.
func (Uncounted) RuleFailed(string, string) {}

// EventFailed implements Counter.
func (Uncounted) EventFailed(string) {}

// Policy says who sees what. It does not change, and may be shared. The zero Policy has no
// rules: everybody sees everything.
type Policy struct {
	tables map[int64]*table
	// watched are the tables that there were when it was loaded.
	watched map[int64]bool
	// closed is true if nothing is known of the rules, so that nobody sees anything.
	closed  bool
	counter Counter
	stale   Problems
	viewers shared
}

// table is what a policy says of a table.
type table struct {
	id     int64
	stem   string
	open   bool
	roles  []role
	events []*Event
	keys   *Columns
}

// role is what a role sees of a table: nothing unless it says more.
type role struct {
	name    string
	all     bool
	columns *Columns
	rows    *rule.Rule
	// text is the condition.
	text string
}

// maxRoles is how many roles a table has; each is a bit.
const maxRoles = 32

// Load makes the policy of its stored form, for the tables as they are now. It always
// returns one: what cannot be understood any more, nobody sees. The error then says
// what that is, and is of type [Problems] if the tables are to blame.
func Load(stored []byte, tables []Table, counter Counter) (*Policy, error) {
	language, err := rule.NewLanguage()
	if err != nil {
		return &Policy{closed: true, counter: counter}, err
	}
	r, err := Read(stored)
	if err != nil {
		return &Policy{closed: true, counter: counter}, err
	}
	l := loader{policy: &Policy{tables: map[int64]*table{}, watched: map[int64]bool{presenceID: true}, counter: counter}, language: language}
	for i := range tables {
		l.policy.watched[tables[i].ID] = true
	}
	for i := range r.Tables {
		l.table(&r.Tables[i], tables)
	}
	return l.policy, l.problems.Err()
}

// Stale are the columns that roles do not see because they are not those of when the
// policy was applied. To apply it again mends that.
func (p *Policy) Stale() []document.Problem { return p.stale }

// Events are the events of their own that a table has, in the order of the file.
func (p *Policy) Events(id int64) []*Event {
	if t := p.tables[id]; t != nil {
		return t.events
	}
	return nil
}

// Rules says whether a table has roles, so that not everybody sees everything.
func (p *Policy) Rules(id int64) bool {
	t := p.tables[id]
	return p.closed || t != nil && !t.open
}

// loader compiles stored rules.
type loader struct {
	policy   *Policy
	language *rule.Language
	problems Problems
}

func (l *loader) table(r *StoredTable, tables []Table) {
	path := "tables." + r.Stem
	t := &table{id: r.ID, stem: r.Stem}
	if _, twice := l.policy.tables[r.ID]; twice || len(r.Roles) > maxRoles {
		l.policy.tables[r.ID] = t
		l.problems.Add(0, path, "what is stored of the table is not a policy; apply it again")
		return
	}
	l.policy.tables[r.ID] = t
	i := slices.IndexFunc(tables, func(t Table) bool { return t.ID == r.ID })
	now := presence()
	if i >= 0 {
		now = tables[i]
	}
	if i < 0 && r.ID != presenceID {
		return // it is not watched any more: what the log has of it is nobody's
	}
	t.stem, t.open = now.Stem, r.Open
	t.keys = newColumns(now.keys())
	columns := slices.Clone(now.Columns)
	for i := range columns {
		columns[i].NotNull = false // a rule that asks for null stays valid
	}
	schema, err := l.language.Schema(columns, now.Excluded)
	if err != nil {
		t.open = false
		l.problems.Add(0, path, "%s", err)
		return
	}
	gone := l.compare(r, now.written())
	for i := range r.Roles {
		t.roles = append(t.roles, l.role(&r.Roles[i], schema, gone, t.keys, path+".roles."+r.Roles[i].Name))
	}
	for i := range r.Events {
		e, wrong := newEvent(&r.Events[i], schema, l.policy.counter)
		for _, text := range wrong {
			l.problems.Add(0, fmt.Sprintf("%s.events[%d].when", path, i), "%s; the event does not come", text)
		}
		t.events = append(t.events, e)
	}
}

// compare finds the columns that are not those of when the policy was applied. It
// returns the names that stand for another column now.
func (l *loader) compare(r *StoredTable, now []Column) (gone []string) {
	limited := slices.ContainsFunc(r.Roles, func(r StoredRole) bool { return r.Columns != nil })
	stale := func(name, what string) {
		if limited {
			l.policy.stale.Add(0, "tables."+r.Stem, "the column %q %s; only roles given as {} see it until the policy is applied again", name, what)
		}
	}
	for _, c := range r.Columns {
		if i := slices.IndexFunc(now, func(n Column) bool { return n.Name == c.Name }); i >= 0 && c.Number != now[i].Number && c.Number > 0 && now[i].Number > 0 {
			gone = append(gone, c.Name)
			stale(c.Name, "is another one than when the policy was applied")
		}
	}
	for _, c := range now {
		if !slices.ContainsFunc(r.Columns, func(o StoredColumn) bool { return o.Name == c.Name }) {
			stale(c.Name, "was added or renamed since the policy was applied")
		}
	}
	return gone
}

func (l *loader) role(r *StoredRole, schema *rule.Schema, gone []string, keys *Columns, path string) role {
	out := role{name: r.Name, all: r.All && r.Columns == nil && r.Rows == "", text: r.Rows}
	if out.all || r.Columns == nil {
		return out
	}
	columns := newColumns(slices.DeleteFunc(slices.Clone(r.Columns), func(name string) bool { return slices.Contains(gone, name) }))
	for _, key := range keys.list {
		if !columns.Has(key) {
			l.problems.Add(0, path, "the role does not have the key column %q, so it sees nothing of the table; apply the policy again", key)
			return role{name: r.Name}
		}
	}
	if r.Rows != "" {
		rows, wrong := schema.Rows(r.Rows)
		for _, text := range wrong {
			l.problems.Add(0, path+".rows", "%s; the role sees nothing of the table until the policy is applied again", text)
		}
		if wrong == nil && slices.ContainsFunc(rows.Columns(), func(name string) bool { return slices.Contains(gone, name) }) {
			wrong = []string{"another column"}
			l.problems.Add(0, path+".rows", "a column of this name is another one than when the policy was applied; the role sees nothing of the table until it is applied again")
		}
		if wrong != nil {
			return role{name: r.Name}
		}
		out.rows = rows
	}
	out.columns = columns
	return out
}

// ErrLimit is of a viewer whose claims are too large.
var ErrLimit = errors.New("limit-exceeded")

// ErrClaims is of a viewer that has not kept the claims that a policy needs.
var ErrClaims = errors.New("the policy needs claims that were not kept")
