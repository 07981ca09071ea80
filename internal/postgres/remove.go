package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"rowcast/migrations"
)

// ErrNewer says that a newer program has migrated the database.
var ErrNewer = errors.New("schema rowcast is of a newer version than this program")

// refuseNewer keeps the functions of a newer program from being replaced by older
// ones.
func refuseNewer(ctx context.Context, conn *pgx.Conn) error {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	if known := migrations.Newest(); version > known {
		return fmt.Errorf("%w: %d, this one knows %d; use the program that migrated the database, or a newer one. Nothing was changed", ErrNewer, version, known)
	}
	return nil
}

// schemaVersion is the newest migration that was applied, 0 if none was.
func schemaVersion(ctx context.Context, conn *pgx.Conn) (version int64, err error) {
	var there bool
	if err := conn.QueryRow(ctx, "select to_regclass('"+versionTable+"') is not null").Scan(&there); err != nil || !there {
		return 0, Explain(err)
	}
	err = conn.QueryRow(ctx, "select coalesce(max(m.version_id), 0) from "+versionTable+" m where m.is_applied").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the version of schema rowcast: %w", Explain(err))
	}
	return version, nil
}

// removeRowcast removes the triggers first, table by table. What they are on is
// asked of the catalogue: rowcast.watched may have come with a dump, or not at
// all.
func (m *Migrator) removeRowcast(ctx context.Context, conn *pgx.Conn) ([]Step, error) {
	var there bool
	if err := conn.QueryRow(ctx, "select to_regnamespace('rowcast') is not null").Scan(&there); err != nil {
		return nil, fmt.Errorf("look for schema rowcast: %w", err)
	}
	if !there {
		return []Step{{"schema rowcast", "not there, nothing to remove"}}, nil
	}
	rows, err := conn.Query(ctx, triggeredQuery)
	if err != nil {
		return nil, fmt.Errorf("list the tables with triggers: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the tables with triggers: %w", err)
	}
	var steps []Step
	for _, table := range tables {
		if err := m.removeTriggers(ctx, conn, table); err != nil {
			return steps, fmt.Errorf("remove the triggers of %s: %w", table, err)
		}
		steps = append(steps, Step{table, "triggers removed"})
	}
	if err := m.retry(ctx, conn, dropSchemaQuery); err != nil {
		return steps, fmt.Errorf("drop schema rowcast: %w", err)
	}
	return append(steps, Step{"schema rowcast", "dropped"}), nil
}

// removeTriggers needs no function of the schema, which may lack some.
func (m *Migrator) removeTriggers(ctx context.Context, conn *pgx.Conn, table string) error {
	return changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, removeTriggersQuery, table)
		if err != nil {
			return err
		}
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}
