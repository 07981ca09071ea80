package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// WatchSettings are those that were given; the others are zero.
type WatchSettings struct {
	TenantColumn, Name string
	Exclude            []string
	// Audience, if not nil, is the column that says for whom a row is; empty for the
	// whole tenant.
	Audience *string
	// Readable, if not nil, says whether servers may read its rows for clients that begin,
	// as SQL writes it.
	Readable *string
}

// Watch watches the table and returns its full name, the stem of its event
// names, and what is not captured because of tables that inherit.
func Watch(ctx context.Context, c *pgx.Conn, log *slog.Logger, given string, s WatchSettings) (table, stem string, notes []string, err error) {
	err = ChangeTables(ctx, c, log, func(tx pgx.Tx) error {
		var id int
		err := tx.QueryRow(ctx, "select rowcast.watch($1::text::regclass, nullif($2, ''), nullif($3, ''), $4, $5, $6::text::boolean)",
			given, s.TenantColumn, s.Name, s.Exclude, s.Audience, s.Readable).Scan(&id)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, watchNotesQuery, id).Scan(&table, &stem, &notes)
	})
	return table, stem, notes, named(err)
}

// Unwatch ends the watching of a table. was says whether it was watched.
func Unwatch(ctx context.Context, c *pgx.Conn, log *slog.Logger, given string) (was bool, err error) {
	err = ChangeTables(ctx, c, log, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select rowcast.unwatch($1::text::regclass)", given).Scan(&was)
	})
	return was, named(err)
}

// named adds how to write a name that SQL folds or splits.
func named(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && (pg.Code == "42602" || pg.Code == "42P01") {
		return fmt.Errorf(`%w; a name with capitals or blanks needs double quotes of its own, as in '"Weird Table"'`, err)
	}
	return err
}
