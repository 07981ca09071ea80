package changelog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"rowcast/internal/changelog/logrow"
	"rowcast/internal/feed"
	"rowcast/sql"
)

// historyTimeout bounds a read of the history: on a network that went silent
// it fails, and is tried again.
const historyTimeout = 15 * time.Second

// History reads what was sealed, for clients that resume. It is safe for
// concurrent use.
type History struct {
	pool Database
	// bulkRows is as in Options.
	bulkRows int64
}

// errMissing says that a sealed row is not in the log: it may have been pruned.
var errMissing = logrow.ErrMissing

// NewHistory makes a History. Statements that changed more than bulkRows rows of a
// tenant are one bulk change; with 0, every row is a change.
func NewHistory(pool Database, bulkRows int) *History {
	h := &History{pool: pool, bulkRows: int64(bulkRows)}
	if bulkRows == 0 {
		h.bulkRows = math.MaxInt64
	}
	return h
}

// Head says how far the tenant had come at a sequence, and makes the tenant known,
// so that a truncate from then on reaches it.
func (h *History) Head(ctx context.Context, tenant string, sequence int64) (feed.Head, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	if err := h.Know(ctx, []string{tenant}); err != nil {
		return feed.Head{}, err
	}
	var head feed.Head
	err := writable(tenant, func(name string) error {
		return h.pool.QueryRow(ctx, sql.TenantHead, name, sequence).Scan(&head.Epoch, &head.Position, &head.Nonce)
	})
	if err != nil {
		return feed.Head{}, fmt.Errorf("find the head of tenant %q: %w", tenant, err)
	}
	return head, nil
}

// Know notes that somebody is in the tenants: they are not forgotten, and a
// truncate from then on reaches them. It has to be said again within a day.
func (h *History) Know(ctx context.Context, tenants []string) error {
	_, err := h.pool.Exec(ctx, sql.Know, tenants)
	if unwritable(err) { // one of them, which harms none of the others
		err = nil
		for i := 0; i < len(tenants) && err == nil; i++ {
			if _, err = h.pool.Exec(ctx, sql.Know, tenants[i:i+1]); unwritable(err) {
				err = nil
			}
		}
	}
	if err != nil {
		return fmt.Errorf("make %d tenants known: %w", len(tenants), err)
	}
	return nil
}

// Oldest is the cursor before the first change of the tenant that is kept.
func (h *History) Oldest(ctx context.Context, tenant string) (feed.Cursor, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	var c feed.Cursor
	err := writable(tenant, func(name string) error {
		return h.pool.QueryRow(ctx, sql.TenantFloor, name).Scan(&c.Epoch, &c.Position, &c.Nonce)
	})
	if err != nil {
		return feed.Cursor{}, fmt.Errorf("find where the history of tenant %q begins: %w", tenant, err)
	}
	return c, nil
}

// After returns the changes of a tenant after cursor c, oldest first, about
// limit of them. If c points into a change, that change comes first. It returns
// feed.ErrExpired or feed.ErrDiverged if it cannot continue from c. A change that
// cannot be read says so, and those after it follow.
func (h *History) After(ctx context.Context, tenant string, c feed.Cursor, limit int) (feed.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	if err := h.verify(ctx, tenant, c); err != nil {
		return feed.Page{}, err
	}
	var page feed.Page
	err := writable(tenant, func(name string) (err error) {
		page, err = h.page(ctx, name, c, limit, false)
		return err
	})
	if err != nil && !errors.Is(err, errMissing) {
		return feed.Page{}, err
	}
	// The floor may have risen while the page was read.
	if moved := h.verify(ctx, tenant, c); moved != nil {
		return feed.Page{}, moved
	}
	if err != nil { // the log has lost what was not pruned
		return h.page(ctx, tenant, c, limit, true)
	}
	return page, nil
}

// verify checks that c belongs to this history and is not older than the floor.
func (h *History) verify(ctx context.Context, tenant string, c feed.Cursor) error {
	var (
		id                string
		floor, floorNonce int64
		nonce             *int64
	)
	// A cursor into a change carries the nonce of that change.
	at := c.Position
	if c.Delivered > 0 {
		at++
	}
	err := writable(tenant, func(name string) error {
		return h.pool.QueryRow(ctx, sql.VerifyCursor, name, at).Scan(&id, &floor, &floorNonce, &nonce)
	})
	if err != nil {
		return fmt.Errorf("verify the cursor of tenant %q: %w", tenant, err)
	}
	if at == floor && at > 0 {
		nonce = &floorNonce
	}
	switch {
	case c.Epoch != id:
		return feed.ErrDiverged
	case c.Position < floor:
		return feed.ErrExpired
	case at == 0:
		return nil
	case nonce == nil || *nonce != c.Nonce:
		return feed.ErrDiverged
	}
	return nil
}

// page reads changes. With lost, rows that are missing in the log are unreadable.
func (h *History) page(ctx context.Context, tenant string, c feed.Cursor, limit int, lost bool) (feed.Page, error) {
	read, page, err := h.rows(ctx, tenant, c, limit, logrow.Ordinary)
	if logrow.Refused(err) {
		read, page, err = h.rows(ctx, tenant, c, limit, logrow.NoImages)
	}
	if err == nil {
		read, err = h.complete(ctx, read, &page, lost)
	}
	if err != nil {
		return feed.Page{}, fmt.Errorf("read the history of tenant %q: %w", tenant, err)
	}
	var tables logrow.Tables // of this page alone: a restored database may give a number to another table
	for i := range read {
		w, err := tables.Of(ctx, h.pool, &read[i])
		if err != nil {
			return feed.Page{}, err
		}
		if usual := h.bulkRows; read[i].Bulk(usual) && !read[i].Bulk(w.Bulk(usual)) {
			whole, err := h.statement(ctx, tenant, c, &read[i], limit-len(page.Changes), lost)
			if err != nil {
				return feed.Page{}, err
			}
			page.Rules = max(page.Rules, read[i].Rules, whole.Rules)
			if page.Changes = append(page.Changes, whole.Changes...); whole.More {
				page.More = true
				break
			}
			continue
		}
		page.Rules = max(page.Rules, read[i].Rules)
		page.Changes = read[i].Changes(page.Changes, c.Epoch, w, h.bulkRows, c.Position)
	}
	if len(page.Changes) > limit {
		page.Changes, page.More = page.Changes[:limit], true
	}
	return page, nil
}

// statement reads the rows after c, about limit of them, of the statement that ends at a
// row.
func (h *History) statement(ctx context.Context, tenant string, c feed.Cursor, last *logrow.Row, limit int, lost bool) (feed.Page, error) {
	c.Position, c.Delivered = max(c.Position, last.First()-1), 0
	whole, err := (&History{pool: h.pool, bulkRows: math.MaxInt64}).page(ctx, tenant, c, max(limit, 1), lost)
	end := slices.IndexFunc(whole.Changes, func(c feed.Change) bool { return c.Position > last.Position })
	if end >= 0 {
		whole.Changes = whole.Changes[:end]
	}
	n := len(whole.Changes)
	whole.More = n == 0 || whole.Changes[n-1].Position < last.Position
	return whole, err
}

// rows reads the rows of a page.
func (h *History) rows(ctx context.Context, tenant string, c feed.Cursor, limit int, bounds logrow.Bounds) (read []logrow.Row, page feed.Page, err error) {
	// What is not used of an answer still has to be read.
	logRows, last := min(max(limit, 1), pageRows), int64(math.MaxInt64)
	if h.bulkRows == math.MaxInt64 { // each position is a change; one more than the limit says that there are more
		last = c.Position + int64(max(limit, 1)) + 1
	}
	rows, err := h.pool.Query(ctx, sql.HistoryAfter, tenant, c.Position, h.bulkRows, logRows, last, bounds)
	if err != nil {
		return nil, page, err
	}
	defer rows.Close()
	bytes := 0
	for bytes < publishBytes && rows.Next() {
		r, err := logrow.Scan(rows)
		if err != nil {
			return nil, page, err
		}
		read = append(read, r)
		bytes += r.Size()
	}
	rows.Close()
	page.More = bytes >= publishBytes || len(read) == logRows
	return read, page, rows.Err()
}

// complete looks up the rows that did not come whole, a few at a time, and cuts the
// page off where it becomes large.
func (h *History) complete(ctx context.Context, read []logrow.Row, page *feed.Page, lost bool) ([]logrow.Row, error) {
	const few = 32
	bytes := 0
	for from := 0; from < len(read); from += few {
		to := min(from+few, len(read))
		part := make([]*logrow.Row, 0, few)
		for i := from; i < to; i++ {
			part = append(part, &read[i])
		}
		err := logrow.Complete(ctx, h.pool, part, h.bulkRows)
		if lost && errors.Is(err, errMissing) {
			err = logrow.Lose(ctx, h.pool, part, h.bulkRows)
		}
		if err != nil {
			return nil, err
		}
		for _, r := range part {
			bytes += r.Size()
		}
		if bytes >= publishBytes && to < len(read) {
			page.More = true
			return read[:to], nil
		}
	}
	return read, nil
}
