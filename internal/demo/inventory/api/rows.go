package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/transport/encode"
)

// instant is a time as the feed writes it: UTC, microseconds.
type instant time.Time

// ScanTimestamptz reads it from the database.
func (i *instant) ScanTimestamptz(v pgtype.Timestamptz) error {
	if !v.Valid || v.InfinityModifier != pgtype.Finite {
		return errors.New("the time is null or infinite")
	}
	*i = instant(v.Time)
	return nil
}

// MarshalJSON writes it.
func (i instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(i).UTC().Format(encode.TimeFormat))
}

// collect reads the rows that a query finds. The list is never nil, so that it
// is [] in JSON.
func collect[T any](ctx context.Context, tx pgx.Tx, what, query string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	found, err := pgx.AppendRows([]T{}, rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return found, nil
}

// one reads the row with an id that a query finds.
func one[T any](ctx context.Context, tx pgx.Tx, what, query, tenant, id string, more ...any) (row T, err error) {
	rows, err := tx.Query(ctx, query, append([]any{tenant, id}, more...)...)
	if err != nil {
		return row, fmt.Errorf("read %s: %w", what, err)
	}
	row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, fmt.Errorf("%s %s: %w", what, id, inventory.ErrNotFound)
	}
	if err != nil {
		return row, fmt.Errorf("read %s %s: %w", what, id, err)
	}
	return row, nil
}
