package logrow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// loadTime is how long the images of a log row may take to come. It is time enough
// for the largest that are sent, on a network of 5 MB a second.
const loadTime = 20 * time.Second

// Refused says whether an error is about what was read: reading it again ends in the
// same way, and reading less of it does not.
func Refused(err error) bool { return reasonOf(err) != "" }

// reasonOf is why the database cannot read something, empty if the error is about
// something else.
func reasonOf(err error) feed.Reason {
	if _, ok := errors.AsType[pgx.ScanArgError](err); ok {
		return feed.Decoding
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	const canceled = "57014" // after statement_timeout
	switch class := e.Code[:min(2, len(e.Code))]; {
	case e.Code == canceled, e.Code == "53200", class == "54": // out of memory, limits of the program
		return feed.Size
	case class == "XX" && (strings.Contains(e.Message, "alloc request size") || strings.Contains(e.Message, "string buffer")):
		return feed.Size
	case class == "XX", class == "22", class == "58": // damage, encodings, files
		return feed.Decoding
	}
	return ""
}

// load reads the images of a row that is found, and refuses what cannot be read. Its
// errors are about the database.
func (r *Row) load(ctx context.Context, db Querier) error {
	r.after, r.before = make(images, r.Count), make(images, r.Count)
	err := r.read(ctx, db, nil)
	if reason := reasonOf(err); reason != "" && r.Count == 1 {
		r.refuse(0, reason, err)
		return nil
	} else if reason == "" {
		return err
	}
	for i := range r.Count {
		n := i + 1
		err := r.read(ctx, db, &n)
		if reason := reasonOf(err); reason != "" {
			r.refuse(i, reason, err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// refuse says of an image why it cannot be read, in words that are not those of the
// row.
func (r *Row) refuse(i int64, reason feed.Reason, err error) {
	what := err.Error()
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		what = fmt.Sprintf("PostgreSQL cannot read it: %s (SQLSTATE %s)", e.Message, e.Code)
	}
	r.mark(i, &feed.Unreadable{Reason: reason, Detail: what})
}

func (r *Row) mark(i int64, why *feed.Unreadable) {
	if r.refused == nil {
		r.refused = map[int64]*feed.Unreadable{}
	}
	r.refused[i] = why
}

// read reads the images of the row, or the n-th of them alone.
func (r *Row) read(ctx context.Context, db Querier, n *int64) error {
	loading, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	err := r.query(loading, db, n)
	if err == nil || loading.Err() == nil || ctx.Err() != nil {
		return err
	}
	// It took too long. If the database answers otherwise, that is because of the row.
	var one int
	answer, alive := db.Query(ctx, "select 1")
	if alive == nil {
		one, alive = pgx.CollectExactlyOneRow(answer, pgx.RowTo[int])
	}
	if alive != nil || one != 1 {
		return err
	}
	return &pgconn.PgError{Code: "54000", Message: fmt.Sprintf("it does not come within %s", loadTime)}
}

// query is read without a bound in time.
func (r *Row) query(ctx context.Context, db Querier, n *int64) error {
	answer, err := db.Query(ctx, sql.LogImages, strconv.FormatUint(r.Tx, 10), r.id, int64(feed.MaxRows), n)
	if err != nil {
		return fmt.Errorf("read a log row: %w", err)
	}
	var (
		stored        int64
		ordinal, size *int64
		after, before []byte
	)
	known := false
	_, err = pgx.ForEachRow(answer, []any{&stored, &ordinal, &size, &after, &before}, func() error {
		known = true
		switch {
		case ordinal == nil && stored <= 4*feed.MaxRows: // there are none
		case ordinal == nil && n != nil:
			r.mark(*n-1, tooLarge(stored))
		case ordinal == nil:
			r.whole = tooLarge(stored)
		case *ordinal > r.Count:
		case *size > feed.MaxRows:
			r.mark(*ordinal-1, tooLarge(*size))
		default:
			r.after[*ordinal-1], r.before[*ordinal-1] = json.RawMessage(after), json.RawMessage(before)
		}
		after, before = nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read a log row: %w", err)
	}
	if !known {
		return fmt.Errorf("%w: row %d of transaction %d, at sequence %d", ErrMissing, r.id, r.Tx, r.Sequence)
	}
	return nil
}
