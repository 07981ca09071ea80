package logrow

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// lookups is how often rows are looked for: a segment that was the active one
// may have been closed meanwhile.
const lookups = 3

// ErrMissing says that a sealed row is not in the log: it may have been pruned.
var ErrMissing = errors.New("the change log lacks what it has sealed")

// Querier is a connection or a pool.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// key is the primary key of a segment of the log.
type key struct {
	tx uint64
	id int64
}

// Complete completes the rows that did not come whole with their page: those in another
// segment of the log than the active one, with one query for each segment, and large
// ones. Rows of statements that are sent in bulk stay without images. The error is
// ErrMissing if the log lacks a row.
func Complete(ctx context.Context, db Querier, rows []*Row, bulkRows int64) error {
	if err := find(ctx, db, rows, bulkRows); err != nil {
		return err
	}
	for _, r := range rows {
		if !r.complete(bulkRows) {
			if err := r.load(ctx, db); err != nil {
				return err
			}
		}
	}
	return nil
}

// find finds the log rows.
func find(ctx context.Context, db Querier, rows []*Row, bulkRows int64) error {
	for range lookups {
		missing := map[int32][]*Row{}
		for _, r := range rows {
			segment := int32(-1) // any
			if r.segment != nil {
				segment = *r.segment
			}
			if !r.found && r.whole == nil {
				missing[segment] = append(missing[segment], r)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		for _, part := range missing {
			err := readSegment(ctx, db, part, bulkRows, Ordinary)
			if Refused(err) {
				err = readSegment(ctx, db, part, bulkRows, NoImages)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, r := range rows {
		if !r.found && r.whole == nil {
			return fmt.Errorf("%w: row %d of transaction %d, at sequence %d", ErrMissing, r.id, r.Tx, r.Sequence)
		}
	}
	return nil
}

// Lose is Complete for a log that has lost rows: those are sent as unreadable.
func Lose(ctx context.Context, db Querier, rows []*Row, bulkRows int64) error {
	for _, r := range rows {
		err := Complete(ctx, db, []*Row{r}, bulkRows)
		if errors.Is(err, ErrMissing) {
			r.whole, err = &feed.Unreadable{Reason: feed.Decoding, Detail: ErrMissing.Error()}, nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readSegment completes those of the rows, all of one segment, that are there.
func readSegment(ctx context.Context, db Querier, rows []*Row, bulkRows int64, bounds Bounds) error {
	wanted := make(map[key][]*Row, len(rows))
	var (
		txs    []string
		ids    []int64
		images []bool
	)
	for _, r := range rows {
		k := key{r.Tx, r.id}
		if wanted[k] == nil {
			txs, ids, images = append(txs, strconv.FormatUint(r.Tx, 10)), append(ids, r.id), append(images, !r.Bulk(bulkRows))
		}
		wanted[k] = append(wanted[k], r)
	}
	answer, err := db.Query(ctx, sql.LogRows, rows[0].segment, txs, ids, images, bounds)
	if err != nil {
		return fmt.Errorf("read a segment of the change log: %w", err)
	}
	var (
		found         Row
		op            byte
		after, before []byte
	)
	_, err = pgx.ForEachRow(answer, []any{&found.Tx, &found.id, &found.at, &found.watched, &op, &found.writer, &after, &before}, func() error {
		for _, r := range wanted[key{found.Tx, found.id}] {
			r.found, r.at, r.watched, r.op, r.writer = true, found.at, found.watched, feed.Op(op), found.writer
			r.take(after, before)
		}
		after, before = nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read a segment of the change log: %w", err)
	}
	return nil
}
