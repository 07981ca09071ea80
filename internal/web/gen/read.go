package gen

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
	"rowcast/sql"
)

// Table is a watched table.
type Table struct {
	Name, Stem string
	Columns    []Column
	// Ruled says that not everybody may see how many rows a statement changed.
	Ruled bool
	// Events are those that a policy gives it.
	Events []Event
}

// Event is an event that a policy gives a table. Its data are columns, or the row if there
// are none.
type Event struct {
	Name string
	Data []string
}

// Read reads the watched tables with the types of their columns, and what the active
// policy says of them. A policy that cannot be understood as a whole is an error.
func Read(ctx context.Context, db store.Database) ([]Table, error) {
	var text []byte
	if err := db.QueryRow(ctx, sql.Types).Scan(&text); err != nil {
		return nil, fmt.Errorf("read the types of the watched tables: %w", postgres.Explain(err))
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the types of the watched tables: %w", err)
	}
	state, err := store.Active(ctx, db)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was being done
	}
	rules, err := state.Load(policy.Uncounted{})
	if err != nil {
		return nil, fmt.Errorf("the active policy does not fit the tables any more; apply it again: %w", err)
	}
	tables := make([]Table, len(d.Tables))
	for i := range d.Tables {
		t := &d.Tables[i]
		tables[i] = Table{Name: t.Name, Stem: t.Stem, Ruled: t.Personal || rules.Rules(t.ID)}
		for _, c := range t.Columns {
			column, err := d.column(&c)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", t.Name, err)
			}
			tables[i].Columns = append(tables[i].Columns, column)
		}
		for _, e := range rules.Events(t.ID) {
			tables[i].Events = append(tables[i].Events, Event{e.Name(), e.Data()})
		}
		if err := hide(&tables[i], t.ID, state, rules); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

// hide marks the columns that a role does not see which sees some of the table.
func hide(t *Table, id int64, state *store.State, rules *policy.Policy) error {
	if !rules.Rules(id) {
		return nil
	}
	stored, err := policy.Read(state.Stored)
	if err != nil {
		return err //nolint:wrapcheck // it says what is wrong
	}
	for i := range stored.Tables {
		for _, role := range stored.Tables[i].Roles {
			viewer, err := rules.Viewer("", []string{role.Name}, nil)
			if err != nil {
				return err //nolint:wrapcheck // as above
			}
			access := viewer.Table(id)
			for k := range t.Columns {
				t.Columns[k].Optional = t.Columns[k].Optional || !access.None() && !access.Columns().Has(t.Columns[k].Name)
			}
		}
	}
	return nil
}

// document is what sql/types.sql returns.
type document struct {
	Tables []struct {
		ID       int64  `json:"id"`
		Name     string `json:"name"`
		Stem     string `json:"stem"`
		Personal bool   `json:"personal"`
		Columns  []part `json:"columns"`
	} `json:"tables"`
	Types map[int64]struct {
		Kind     Kind     `json:"kind"`
		Base     int64    `json:"base"`
		Modifier int32    `json:"modifier"`
		Required bool     `json:"required"`
		Depth    int      `json:"depth"`
		Element  int64    `json:"element"`
		Labels   []string `json:"labels"`
		Fields   []part   `json:"fields"`
	} `json:"types"`
}

// part is a column, or a part of a type.
type part struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Type     int64  `json:"type"`
	Modifier int32  `json:"modifier"`
	Depth    int    `json:"depth"`
}

const (
	// domain is the kind of what stands for another type.
	domain Kind = "domain"
	// numeric is the number of the type numeric.
	numeric = 1700
	// mostDigits is how many digits of any number a double holds, mostScale how far
	// behind the point.
	mostDigits = 15
	mostScale  = 200
)

// column is a column with its type. Parts of a type are never required.
func (d *document) column(p *part) (Column, error) {
	required, number, modifier, depth := p.Required, p.Type, p.Modifier, p.Depth
	t, known := d.Types[number]
	for ; known && t.Kind == domain; t, known = d.Types[number] {
		required = required || t.Required
		number, modifier, depth = t.Base, t.Modifier, max(depth, t.Depth)
	}
	if !known {
		return Column{}, fmt.Errorf("the type of %s has changed meanwhile; try again", p.Name)
	}
	c := Column{Name: p.Name, Nullable: !required, Type: Type{Kind: t.Kind, Labels: t.Labels, Depth: depth}}
	if number == numeric && fits(modifier) {
		c.Kind = Number
	}
	if t.Kind == Array {
		element, err := d.column(&part{Name: p.Name, Type: t.Element, Modifier: -1})
		if err != nil {
			return Column{}, err
		}
		c.Element = &element
	}
	for i := range t.Fields {
		field, err := d.column(&t.Fields[i])
		if err != nil {
			return Column{}, err
		}
		c.Fields = append(c.Fields, field)
	}
	return c, nil
}

// fits says whether a double holds every number of a numeric with this modifier: the
// digits, the scale in 11 bits, and 4 for the header. A negative scale is a large one here.
func fits(modifier int32) bool {
	const header, scaleMask = 4, 1<<11 - 1
	return modifier >= header && (modifier-header)>>16 <= mostDigits && (modifier-header)&scaleMask <= mostScale
}

// column finds a column.
func (t *Table) column(name string) *Column {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}
