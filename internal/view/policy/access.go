package policy

import (
	"sync"

	"rowcast/internal/feed/row"
	"rowcast/internal/view/policy/rule"
)

// Access is what a viewer sees of one table.
type Access struct {
	stem    string
	tenant  string
	claims  rule.Claims
	counter Counter
	// everything are all columns of all rows, nil if there are rules.
	everything *Columns
	// keys are the columns of the key.
	keys *Columns
	// grants are what the roles of the viewer give it, each for itself.
	grants []grant

	mu sync.Mutex
	// unions are the columns of several grants, by their bits.
	unions map[uint32]*Columns
}

// grant is what one role gives: columns of the rows that it admits.
type grant struct {
	role    string
	rows    *rule.Rule
	columns *Columns
	// text is the condition.
	text string
}

// Given is what one role gives a viewer: columns of the rows for which the condition
// holds, or of all rows if it is empty.
type Given struct {
	Role, Rows string
	Columns    *Columns
}

// Given are what the roles of the viewer give it of the table, each for itself.
func (a *Access) Given() []Given {
	given := make([]Given, len(a.grants))
	for i, g := range a.grants {
		given[i] = Given{g.role, g.text, g.columns}
	}
	return given
}

// Everything says whether the viewer sees all rows and columns: then there is nothing to
// ask.
func (a *Access) Everything() bool { return a.everything != nil }

// None says whether the viewer sees nothing of the table: for it, there is no such table.
func (a *Access) None() bool { return a.everything == nil && len(a.grants) == 0 }

// Columns are those that the viewer may see on any row.
func (a *Access) Columns() *Columns {
	if a.everything != nil {
		return a.everything
	}
	return a.union(1<<len(a.grants) - 1)
}

// Unreadable says whether a change of one row that cannot be read comes to the viewer:
// if no condition has to be asked.
func (a *Access) Unreadable() bool {
	if a.everything != nil {
		return true
	}
	for i := range a.grants {
		if a.grants[i].rows == nil {
			return true
		}
	}
	return false
}

// Sees returns the columns of a row that the viewer sees: those of all roles that admit
// it. It is nil if none does. What the row lacks is taken from rest, if that is not nil.
func (a *Access) Sees(r, rest *row.Row) *Columns {
	if a.everything != nil {
		return a.everything
	}
	if !r.OK || rest != nil && !rest.OK {
		return nil
	}
	var admitted uint32
	var image *rule.Image
	for i := range a.grants {
		g := &a.grants[i]
		if g.rows != nil {
			if image == nil {
				image = &rule.Image{Row: r, Rest: rest}
			}
			sees, err := g.rows.Sees(image, a.tenant, a.claims)
			if err != nil {
				a.counter.RuleFailed(a.stem, g.role)
			}
			if !sees || err != nil {
				continue
			}
		}
		admitted |= 1 << i
	}
	return a.union(admitted)
}

// union are the columns of the grants with these bits.
func (a *Access) union(admitted uint32) *Columns {
	if admitted == 0 {
		return nil
	}
	for i := range a.grants {
		if admitted == 1<<i {
			return a.grants[i].columns
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.unions[admitted]; c != nil {
		return c
	}
	var list []string
	for i := range a.grants {
		if admitted&(1<<i) != 0 {
			list = append(list, a.grants[i].columns.list...)
		}
	}
	c := newColumns(list)
	if a.unions == nil {
		a.unions = map[uint32]*Columns{}
	}
	a.unions[admitted] = c
	return c
}
