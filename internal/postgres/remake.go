package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"rowcast/migrations"
	"rowcast/triggers"
)

// watchedTable says how a table is watched. What is nil is left to
// rowcast.watch.
type watchedTable struct {
	Table        string
	TenantColumn string
	Name         *string
	Exclude      []string
	Audience     string
}

// missing says what schema rowcast lacks that no migration brings back, because
// they have been made. Empty if it is whole, or not there.
func missing(ctx context.Context, conn *pgx.Conn) (names string, err error) {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return "", err
	}
	// A table is as old as the migration that made it.
	err = conn.QueryRow(ctx, missingQuery,
		version).Scan(&names)
	if err != nil {
		return "", fmt.Errorf("look for the tables of schema rowcast: %w", err)
	}
	if names != "" || version < migrations.Newest() {
		return names, nil
	}
	var known bool
	if err := conn.QueryRow(ctx, "select to_regprocedure('rowcast.objects()') is not null and to_regclass('rowcast.installed') is not null").Scan(&known); err != nil || !known {
		return "", Explain(err)
	}
	err = conn.QueryRow(ctx, alteredQuery).Scan(&names)
	if err != nil {
		return "", fmt.Errorf("compare the tables of schema rowcast: %w", Explain(err))
	}
	return names, nil
}

// clear removes a schema that is not whole, to make it anew, and returns what was
// watched: the triggers know. It is asked for, because the log goes.
func (m *Migrator) clear(ctx context.Context, conn *pgx.Conn) (watched []watchedTable, steps []Step, err error) {
	lacks, err := missing(ctx, conn)
	if err != nil || lacks == "" {
		return nil, nil, err
	}
	if !m.NewFeed {
		return nil, nil, fmt.Errorf("schema rowcast lacks %s, which no migration brings back; begin anew with rowcast migrate --new-feed, which keeps what is watched", lacks)
	}
	if watched, err = m.rememberWatched(ctx, conn); err != nil {
		return nil, nil, err
	}
	if steps, err = m.removeRowcast(ctx, conn); err != nil {
		return nil, steps, err
	}
	return watched, append(steps, Step{"schema rowcast", "made anew, it lacked " + lacks}), nil
}

// rememberWatched asks the triggers which tables are watched, and how.
func (m *Migrator) rememberWatched(ctx context.Context, conn *pgx.Conn) (watched []watchedTable, err error) {
	text, err := fs.ReadFile(triggers.FS, "known.sql")
	if err != nil {
		return nil, fmt.Errorf("read known.sql: %w", err)
	}
	undo := errors.New("undo")
	err = changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		// Some of its functions speak of tables that may not be there.
		if _, err := tx.Exec(ctx, "set local check_function_bodies = off; set local search_path = "+ownPath); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(text)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, rememberedQuery)
		if err != nil {
			return err
		}
		if watched, err = pgx.CollectRows(rows, pgx.RowToStructByPos[watchedTable]); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		return nil, fmt.Errorf("ask the triggers what is watched: %w", err)
	}
	return watched, nil
}

// watchAgain watches what was watched before.
func (m *Migrator) watchAgain(ctx context.Context, conn *pgx.Conn, watched []watchedTable) (steps []Step, err error) {
	for _, w := range watched {
		err := m.retry(ctx, conn, "select rowcast.watch($1::text::regclass, $2, $3, $4, $5)", w.Table, w.TenantColumn, w.Name, w.Exclude, w.Audience)
		if err != nil {
			return steps, fmt.Errorf("watch %s as before: %w", w.Table, err)
		}
		steps = append(steps, Step{"table " + w.Table, "watched as before"})
	}
	return steps, nil
}
