package changelog

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"rowcast/sql"
)

// lookups is how often rows are looked for: a segment that was the active one
// may have been closed meanwhile.
const lookups = 3

// errMissing says that a sealed row is not in the log: it may have been pruned.
var errMissing = errors.New("the change log lacks what it has sealed")

// rowKey is the primary key of a segment of the log.
type rowKey struct {
	tx uint64
	id int64
}

// lookUp completes the rows that did not come with their page because they are
// in another segment of the log than the active one. One query reads what is in
// one segment. Rows of statements that are told in bulk stay without images.
func lookUp(ctx context.Context, db queryer, rows []*row, bulkRows int64) error {
	for range lookups {
		missing := map[int32][]*row{}
		for _, r := range rows {
			segment := int32(-1) // any
			if r.segment != nil {
				segment = *r.segment
			}
			if !r.found {
				missing[segment] = append(missing[segment], r)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		for _, part := range missing {
			if err := readSegment(ctx, db, part, bulkRows); err != nil {
				return err
			}
		}
	}
	for _, r := range rows {
		if !r.found {
			return fmt.Errorf("%w: row %d of transaction %d, at place %d", errMissing, r.id, r.tx, r.place)
		}
	}
	return nil
}

// readSegment completes those of the rows, all of one segment, that are there.
func readSegment(ctx context.Context, db queryer, rows []*row, bulkRows int64) error {
	wanted := make(map[rowKey][]*row, len(rows))
	var (
		txs    []string
		ids    []int64
		images []bool
	)
	for _, r := range rows {
		key := rowKey{r.tx, r.id}
		if wanted[key] == nil {
			txs, ids, images = append(txs, strconv.FormatUint(r.tx, 10)), append(ids, r.id), append(images, !r.bulk(bulkRows))
		}
		wanted[key] = append(wanted[key], r)
	}
	answer, err := db.Query(ctx, sql.LogRows, rows[0].segment, txs, ids, images)
	if err != nil {
		return fmt.Errorf("read a segment of the change log: %w", err)
	}
	var found row
	_, err = pgx.ForEachRow(answer, []any{&found.tx, &found.id, &found.at, &found.watched, &found.op, &found.writer, &found.after, &found.before}, func() error {
		found.mend()
		for _, r := range wanted[rowKey{found.tx, found.id}] {
			r.found, r.at, r.watched, r.op, r.writer = true, found.at, found.watched, found.op, found.writer
			r.after, r.before = found.after, found.before
		}
		found.after, found.before = nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read a segment of the change log: %w", err)
	}
	return nil
}
