package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/mapping"
	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
	"rowcast/sql"
)

// Database answers queries: a pool, a connection or a transaction.
type Database interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Table is a watched table. Its ID is the number that PostgreSQL has for it, whatever it
// is watched as.
type Table struct {
	policy.Table
	// Watched is its number in rowcast.watched.
	Watched int32
	// Name is that of the table, as people write it.
	Name string
	// Secured is true of a table with row level security.
	Secured bool
}

// Tables reads the tables that are watched now, by their stems.
func Tables(ctx context.Context, db Database) (tables []Table, err error) {
	rows, err := db.Query(ctx, sql.PolicyTables)
	if err != nil {
		return nil, fmt.Errorf("read the watched tables: %w", postgres.Explain(err))
	}
	var (
		t                   Table
		names, types, kinds []string
		required            []bool
		numbers             []int16
	)
	into := []any{&t.Watched, &t.ID, &t.Name, &t.Stem, &t.Secured, &t.Excluded, &t.Key, &names, &types, &kinds, &required, &numbers}
	_, err = pgx.ForEachRow(rows, into, func() error {
		next := t
		next.Excluded, next.Key = slices.Clone(t.Excluded), slices.Clone(t.Key)
		for i, name := range names {
			next.Columns = append(next.Columns, policy.Column{
				Name: name, Type: types[i], Kind: rule.Kind(kinds[i]), NotNull: required[i], Number: int(numbers[i]),
			})
		}
		next.Events = events(t.Stem)
		tables = append(tables, next)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the watched tables: %w", postgres.Explain(err))
	}
	return tables, nil
}

// described are the tables as a policy takes them.
func described(tables []Table) []policy.Table {
	list := make([]policy.Table, len(tables))
	for i := range tables {
		list[i] = tables[i].Table
	}
	return list
}

// anyStem stands for the stem in the names of the catalogue.
const anyStem = "<name>:"

// events are the names that the events of a table have anyway, and one that sinks keep
// for themselves.
func events(stem string) []string {
	own := stem + ":"
	names := []string{own + "snapshot"}
	for _, r := range mapping.Catalogue() {
		if verb, general := strings.CutPrefix(r.Event, anyStem); general {
			names = append(names, own+verb)
		} else if strings.HasPrefix(r.Event, own) {
			names = append(names, r.Event)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
