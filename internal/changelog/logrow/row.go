package logrow

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
)

// Row is one sealed log row, as sql/sealed_after.sql and sql/history_after.sql
// return it.
type Row struct {
	Sequence, Position, Nonce     int64
	Tenant                        string
	Tx                            uint64
	Count                         int64
	statementFrom, statementCount int64
	// segment of the log and id say where the row is, together with Tx. The
	// segment is nil if it was sealed by an earlier version.
	segment *int32
	id      int64
	// Rules is the version of the rules when the row was read.
	Rules int64
	// found is false as long as what follows has to be looked up there.
	found         bool
	at            time.Time
	watched       int32
	op            feed.Op
	writer        string
	after, before images
	// refused says of images why they cannot be read, whole of all.
	refused map[int64]*feed.Unreadable
	whole   *feed.Unreadable
}

// Bounds say what comes with a page.
type Bounds int64

// The bounds of a page.
const (
	// Ordinary leaves large images to be looked up. It is in bytes as stored: what
	// was compressed may have a hundred times that.
	Ordinary Bounds = 2 << 20
	// NoImages leaves all of them. It is for pages that cannot be read otherwise.
	NoImages Bounds = -1
)

// Scan reads a row of a page.
func Scan(rows pgx.CollectableRow) (Row, error) {
	var (
		r             Row
		op            byte
		after, before []byte
	)
	err := rows.Scan(&r.Sequence, &r.Position, &r.Count, &r.statementFrom, &r.statementCount, &r.Tenant, &r.Nonce, &r.segment, &r.Tx, &r.id,
		&r.Rules, &r.found, &r.at, &r.watched, &op, &r.writer, &after, &before)
	if err != nil {
		return Row{}, fmt.Errorf("decode a row of the change log: %w", err)
	}
	r.op = feed.Op(op)
	r.take(after, before)
	return r, nil
}

// take takes the images, as array_send gives them.
func (r *Row) take(after, before []byte) {
	var err error
	if r.after, err = parseImages(after); err == nil {
		r.before, err = parseImages(before)
	}
	if err != nil {
		r.whole = &feed.Unreadable{Reason: feed.Decoding, Detail: err.Error()}
	}
}

// Bulk says whether the row belongs to a statement that is one bulk change.
func (r *Row) Bulk(limit int64) bool { return r.statementCount > limit }

// First is the position of the first row of the statement.
func (r *Row) First() int64 { return r.statementFrom }

// last says whether the row is the last one of its statement and tenant.
func (r *Row) last() bool { return r.Position == r.statementFrom+r.statementCount-1 }

// needs says which images the operation has.
func (r *Row) needs() (after, before bool) {
	switch r.op {
	case feed.Insert, feed.Replay:
		return true, false
	case feed.Update:
		return true, true
	case feed.Delete:
		return false, true
	case feed.Truncate, feed.Unordered:
	}
	return false, false
}

// complete says whether nothing has to be looked up.
func (r *Row) complete(bulkRows int64) bool {
	if !r.found || r.whole != nil || r.refused != nil || r.Bulk(bulkRows) {
		return r.found || r.whole != nil
	}
	after, before := r.needs()
	return (r.after != nil || !after) && (r.before != nil || !before)
}

// Size is roughly what the row takes in memory, in bytes.
func (r *Row) Size() int { return 256 + r.after.size() + r.before.size() }

// Changes appends the changes after position `after` that r stands for. A bulk
// statement is one change, at its last row.
func (r *Row) Changes(dst []feed.Change, id string, t Table, bulkRows, after int64) []feed.Change {
	c := feed.Change{
		Epoch: id, Tenant: r.Tenant, Nonce: r.Nonce, Relation: t.Relation, Table: t.Table, Name: t.Name, Audience: t.Audience,
		Op: r.op, At: r.at, Tx: r.Tx, Writer: mendText(r.writer),
	}
	if r.Bulk(t.Bulk(bulkRows)) {
		if !r.last() {
			return dst
		}
		c.Bulk, c.Position = true, r.Position
		c.From = max(r.statementFrom, after+1)
		c.Unreadable = r.whole
		return append(dst, c)
	}
	c.Bulk = c.Op == feed.Truncate && r.after != nil || c.Op == feed.Unordered // an unknown number of rows
	for i := range r.Count {
		c.Position = r.Position - r.Count + 1 + i
		if c.Position <= after {
			continue
		}
		c.From = c.Position
		r.image(&c, i)
		dst = append(dst, c)
	}
	return dst
}

// image gives a change its rows, or says why it has none.
func (r *Row) image(c *feed.Change, i int64) {
	c.After, c.Before, c.Unreadable = nil, nil, r.whole
	if c.Unreadable == nil {
		c.Unreadable = r.refused[i]
	}
	if c.Unreadable != nil {
		return
	}
	after, before := r.needs()
	if after {
		c.After = mend(r.after.at(i))
	}
	if before {
		c.Before = mend(r.before.at(i))
	}
	if c.Unreadable = examine(c, after, before); c.Unreadable != nil {
		c.After, c.Before = nil, nil
	}
}
