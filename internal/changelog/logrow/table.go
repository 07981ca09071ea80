package logrow

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// Table is what a change says of its table.
type Table struct {
	Table, Name string
	Relation    int64
	Audience    feed.Audience
}

// maxRead is how many rows a statement may have that is sent row by row because each row
// is for somebody.
const maxRead = 100_000

// Bulk is up to how many rows of a statement are sent row by row, where that is usual for
// tables whose rows are for the whole tenant.
func (t *Table) Bulk(usual int64) int64 {
	if t.Audience.Column == "" {
		return usual
	}
	return max(usual, maxRead)
}

// unknown is the stem of changes of a table that nobody knows.
const unknown = "unknown"

// Tables remembers the tables by rowcast.watched.id, as long as the rules stay the same.
// It is not safe for concurrent use.
type Tables struct {
	byID  map[int32]Table
	rules int64
}

// Of looks up the table of a row, in the database if it is new. A row of a table that
// rowcast.watched does not have, or of one that is not known, is unreadable.
func (t *Tables) Of(ctx context.Context, db Querier, r *Row) (Table, error) {
	if !r.found {
		return Table{Name: unknown}, nil
	}
	if w, ok := t.byID[r.watched]; ok && t.rules == r.Rules {
		return w, nil
	}
	if err := t.load(ctx, db); err != nil {
		return Table{}, err
	}
	t.rules = r.Rules
	w, ok := t.byID[r.watched]
	if !ok {
		r.whole = &feed.Unreadable{
			Reason: feed.Decoding, Detail: fmt.Sprintf("the change log speaks of watched table %d, which rowcast.watched does not have", r.watched),
		}
		return Table{Name: unknown}, nil
	}
	return w, nil
}

func (t *Tables) load(ctx context.Context, db Querier) error {
	rows, err := db.Query(ctx, sql.Watched)
	if err != nil {
		return fmt.Errorf("list the watched tables: %w", err)
	}
	tables := make(map[int32]Table)
	var (
		id       int32
		w        Table
		audience *string
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &w.Table, &w.Name, &w.Relation, &audience, &w.Audience.Type}, func() error {
		known := Table{Table: mendText(w.Table), Name: mendText(w.Name), Relation: w.Relation}
		if audience != nil {
			known.Audience = feed.Audience{Column: *audience, Type: w.Audience.Type}
		}
		tables[id] = known
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the watched tables: %w", err)
	}
	t.byID = tables
	return nil
}
