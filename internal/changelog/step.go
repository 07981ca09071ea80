package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog/logrow"
	"rowcast/internal/feed"
	"rowcast/sql"
)

// task says what a step does before it publishes what is sealed.
type task int

const (
	// read leaves the sealing to another server.
	read task = iota
	// look seals, and reads only if that found something: an idle system is
	// asked one question a poll.
	look
	// fetch seals and reads in one round trip, because something is there.
	fetch
)

// step publishes everything that is sealed. It returns how many transactions
// there were, and whether it was able to seal, if it should: another session
// that is sealing may have begun before the last commit.
func (t *Tail) step(ctx context.Context, conn *pgx.Conn, do task) (transactions int, complete bool, err error) {
	complete = true
	if do != read {
		sequence, first, err := t.seal(ctx, conn, do == fetch)
		if logrow.Refused(err) && do == fetch { // it was undone with the reading
			sequence, first, err = t.seal(ctx, conn, false)
		}
		if err != nil {
			return 0, false, err
		}
		complete = sequence != nil
		if complete && *sequence < t.sequence {
			return 0, false, fmt.Errorf("the head went back from sequence %d to %d: %w", t.sequence, *sequence, feed.ErrDiverged)
		}
		if transactions, err = t.publishRows(ctx, first); err != nil {
			return transactions, false, err
		}
		if complete && *sequence == t.sequence {
			t.checked()
			return transactions, true, nil
		}
	}
	for {
		rows, n, err := t.read(ctx, conn, logrow.Ordinary)
		transactions += n
		if logrow.Refused(err) {
			rows, n, err = t.read(ctx, conn, logrow.NoImages)
			transactions += n
		}
		if err != nil {
			return transactions, false, err
		}
		if rows < pageRows {
			if complete {
				t.checked()
			}
			return transactions, complete, nil
		}
	}
}

// seal returns the newest sequence, nil if another session is sealing, and if
// asked the first rows that are not published yet. All of it is committed. It
// notes whether the next seal has something left to do.
func (t *Tail) seal(ctx context.Context, conn *pgx.Conn, fetch bool) (sequence *int64, first []logrow.Row, err error) {
	began := time.Now()
	sealing, cancel := context.WithTimeout(ctx, t.sealLimit)
	defer cancel()
	batch := new(pgx.Batch)
	batch.Queue(sql.Seal).QueryRow(func(r pgx.Row) error { return r.Scan(nil, &sequence) })
	batch.Queue(sql.Queued).QueryRow(func(r pgx.Row) error { return r.Scan(&t.queued) })
	if fetch {
		batch.Queue(sql.SealedAfter, t.sequence, t.o.BulkRows, firstRows, logrow.Ordinary).Query(func(rows pgx.Rows) (err error) {
			first, err = pgx.CollectRows(rows, logrow.Scan)
			return err
		})
	}
	if err := conn.SendBatch(sealing, batch).Close(); err != nil {
		if errors.Is(sealing.Err(), context.DeadlineExceeded) {
			t.sealLimit = min(2*t.sealLimit, longestSeal)
		}
		return nil, nil, fmt.Errorf("seal the change log: %w", err)
	}
	t.sealLimit = sealTimeout
	if t.o.Sealed != nil && sequence != nil && *sequence > t.sequence {
		t.o.Sealed(time.Since(began))
	}
	return sequence, first, nil
}

// publishRows publishes rows that were read already.
func (t *Tail) publishRows(ctx context.Context, rows []logrow.Row) (transactions int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	p := publication{tail: t, sequence: t.sequence, nonce: t.nonce}
	for i := range rows {
		if err := p.add(ctx, &rows[i]); err != nil {
			return p.transactions, err
		}
	}
	p.publish()
	return p.transactions, nil
}

// read publishes one page, while it comes in. Of what it has not published when it
// fails, the transactions are not counted.
func (t *Tail) read(ctx context.Context, conn *pgx.Conn, bounds logrow.Bounds) (count, transactions int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := conn.Query(ctx, sql.SealedAfter, t.sequence, t.o.BulkRows, pageRows, bounds)
	if err != nil {
		return 0, 0, fmt.Errorf("read the change log after sequence %d: %w", t.sequence, err)
	}
	defer rows.Close()
	p := publication{tail: t, sequence: t.sequence, nonce: t.nonce}
	for rows.Next() {
		r, err := logrow.Scan(rows)
		if err != nil {
			return count, p.transactions, err
		}
		if err := p.add(ctx, &r); err != nil {
			return count, p.transactions, err
		}
		count++
	}
	if err := rows.Err(); err != nil {
		return count, p.transactions, fmt.Errorf("read the change log after sequence %d: %w", p.sequence, err)
	}
	p.publish()
	return count, p.transactions, nil
}

// publication collects changes up to a sequence.
type publication struct {
	tail            *Tail
	changes         []feed.Change
	bytes           int
	tx              uint64
	transactions    int
	sequence, nonce int64
}

// add takes the next row, and publishes when much has been collected.
func (p *publication) add(ctx context.Context, r *logrow.Row) error {
	if r.Sequence != p.sequence+1 {
		return fmt.Errorf("sequence %d follows %d: %w", r.Sequence, p.sequence, feed.ErrDiverged)
	}
	t, bulkRows := p.tail, int64(p.tail.o.BulkRows)
	if err := t.complete(ctx, r, bulkRows); err != nil {
		return err
	}
	w, err := t.tables.Of(ctx, t.o.Pool, r)
	if err != nil {
		return err
	}
	if limit := w.Bulk(bulkRows); limit != bulkRows {
		if err := t.complete(ctx, r, limit); err != nil {
			return err
		}
	}
	if r.Rules != t.rules {
		p.publish()
		if err := t.o.Rules(ctx, r.Rules); err != nil {
			return fmt.Errorf("take over version %d of the rules: %w", r.Rules, err)
		}
		t.rules = r.Rules
	}
	if r.Tx != p.tx {
		p.tx = r.Tx
		p.transactions++
	}
	p.changes = r.Changes(p.changes, t.epoch, w, bulkRows, 0)
	p.sequence, p.nonce = r.Sequence, r.Nonce
	t.touch(r.Tenant)
	p.bytes += r.Size()
	if p.bytes >= publishBytes {
		p.publish()
	}
	return nil
}

// complete looks up what of a row did not come with its page.
func (t *Tail) complete(ctx context.Context, r *logrow.Row, bulkRows int64) error {
	part := []*logrow.Row{r}
	err := logrow.Complete(ctx, t.o.Pool, part, bulkRows)
	if errors.Is(err, logrow.ErrMissing) && t.lost == r.Sequence { // it was not pruned, or it would not have been read again
		err = logrow.Lose(ctx, t.o.Pool, part, bulkRows)
	}
	if errors.Is(err, logrow.ErrMissing) {
		t.lost = r.Sequence
	}
	return err
}

// publish hands over what was collected.
func (p *publication) publish() {
	if p.sequence == p.tail.sequence {
		return
	}
	for i := range p.changes {
		if c := &p.changes[i]; c.Unreadable != nil && p.tail.o.Unreadable != nil {
			p.tail.o.Unreadable(c)
		}
	}
	p.tail.o.Publish(p.changes, p.sequence)
	p.tail.sequence, p.tail.nonce = p.sequence, p.nonce
	p.changes, p.bytes = nil, 0
}
