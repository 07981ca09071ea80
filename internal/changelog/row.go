package changelog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// row is one sealed log row, as sql/sealed_after.sql and sql/history_after.sql
// return it.
type row struct {
	place, position, count        int64
	statementFrom, statementCount int64
	tenant                        string
	nonce                         int64
	// segment of the log and id say where the row is, together with tx. The
	// segment is nil if it was sealed by an earlier version.
	segment *int32
	id      int64
	// found is false as long as what follows has to be looked up there.
	found         bool
	tx            uint64
	at            time.Time
	watched       int32
	op            byte
	writer        string
	after, before []json.RawMessage
}

func scanRow(rows pgx.CollectableRow) (row, error) {
	var r row
	err := rows.Scan(&r.place, &r.position, &r.count, &r.statementFrom, &r.statementCount, &r.tenant, &r.nonce, &r.segment, &r.tx, &r.id,
		&r.found, &r.at, &r.watched, &r.op, &r.writer, &r.after, &r.before)
	if err != nil {
		return row{}, fmt.Errorf("decode a row of the change log: %w", err)
	}
	r.mend()
	return r, nil
}

// bulk says whether the row belongs to a statement that is told as one change.
func (r *row) bulk(limit int64) bool { return r.statementCount > limit }

// last says whether the row is the last one of its statement and tenant.
func (r *row) last() bool { return r.position == r.statementFrom+r.statementCount-1 }

// size is roughly what the row takes in memory, in bytes.
func (r *row) size() int {
	n := 256
	for i := range r.after {
		n += len(r.after[i])
	}
	for i := range r.before {
		n += len(r.before[i])
	}
	return n
}

// appendChanges appends the changes after position `after` that r stands for.
// A bulk statement is one change, at its last row.
func (r *row) appendChanges(dst []feed.Change, id string, w watched, bulkRows, after int64) []feed.Change {
	c := feed.Change{
		Feed: id, Tenant: r.tenant, Nonce: r.nonce, Table: w.table, Name: w.name,
		Op: feed.Op(r.op), At: r.at, Tx: r.tx, Writer: r.writer,
	}
	if r.bulk(bulkRows) {
		if !r.last() {
			return dst
		}
		c.Bulk, c.Position = true, r.position
		c.From = max(r.statementFrom, after+1)
		return append(dst, c)
	}
	c.Bulk = c.Op == feed.Truncate && r.after != nil // of one partition: an unknown number of rows
	for i := range r.count {
		c.Position = r.position - r.count + 1 + i
		if c.Position <= after {
			continue
		}
		c.From = c.Position
		if int(i) < len(r.after) && !c.Bulk {
			c.After = r.after[i]
		}
		if int(i) < len(r.before) {
			c.Before = r.before[i]
		}
		dst = append(dst, c)
	}
	return dst
}

// watched is what the log needs to know of a table.
type watched struct{ table, name string }

// queryer is a connection or a pool.
type queryer interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// watchedTables remembers the tables by rowcast.watched.id. It is not safe for
// concurrent use.
type watchedTables map[int32]watched

// find looks the table up, in the database if it is new.
func (t *watchedTables) find(ctx context.Context, db queryer, id int32) (watched, error) {
	if w, ok := (*t)[id]; ok {
		return w, nil
	}
	if err := t.load(ctx, db); err != nil {
		return watched{}, err
	}
	w, ok := (*t)[id]
	if !ok {
		return watched{}, fmt.Errorf("the change log speaks of watched table %d, which rowcast.watched does not have", id)
	}
	return w, nil
}

func (t *watchedTables) load(ctx context.Context, db queryer) error {
	rows, err := db.Query(ctx, sql.Watched)
	if err != nil {
		return fmt.Errorf("list the watched tables: %w", err)
	}
	tables := make(watchedTables)
	var (
		id int32
		w  watched
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &w.table, &w.name}, func() error {
		tables[id] = watched{strings.ToValidUTF8(w.table, unreadable), strings.ToValidUTF8(w.name, unreadable)}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the watched tables: %w", err)
	}
	*t = tables
	return nil
}
