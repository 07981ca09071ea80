package logrow

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// Table is what a change says of its table.
type Table struct{ Table, Name string }

// unknown is the stem of changes of a table that nobody knows.
const unknown = "unknown"

// Tables remembers the tables by rowcast.watched.id. It is not safe for concurrent
// use.
type Tables map[int32]Table

// Of looks up the table of a row, in the database if it is new. A row of a table that
// rowcast.watched does not have, or of one that is not known, is unreadable.
func (t *Tables) Of(ctx context.Context, db Querier, r *Row) (Table, error) {
	if !r.found {
		return Table{Name: unknown}, nil
	}
	if w, ok := (*t)[r.watched]; ok {
		return w, nil
	}
	if err := t.load(ctx, db); err != nil {
		return Table{}, err
	}
	w, ok := (*t)[r.watched]
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
	tables := make(Tables)
	var (
		id int32
		w  Table
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &w.Table, &w.Name}, func() error {
		tables[id] = Table{mendText(w.Table), mendText(w.Name)}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the watched tables: %w", err)
	}
	*t = tables
	return nil
}
