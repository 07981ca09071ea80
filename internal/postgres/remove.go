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
	rows, err := conn.Query(ctx, `
		select distinct coalesce(pg_catalog.pg_partition_root(g.tgrelid)::oid, g.tgrelid)::regclass::text
		  from pg_trigger g join pg_proc p on p.oid = g.tgfoid
		 where p.pronamespace = 'rowcast'::regnamespace::oid order by 1`)
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
	if err := m.retry(ctx, conn, dropSchema); err != nil {
		return steps, fmt.Errorf("drop schema rowcast: %w", err)
	}
	return append(steps, Step{"schema rowcast", "dropped"}), nil
}

// dropSchema leaves nothing in the database that speaks of the role that capture ran
// as, and drops that role if no other database has it.
const dropSchema = `
	do $$
	declare
		captured constant boolean := exists (
			select from pg_proc p join pg_roles r on r.oid = p.proowner
			 where p.pronamespace = 'rowcast'::regnamespace::oid and r.rolname = 'rowcast_capture' and not r.rolcanlogin and not r.rolsuper);
	begin
		drop schema rowcast cascade;
		if captured then
			begin
				drop owned by rowcast_capture;
			exception when insufficient_privilege or undefined_object then
				null;
			end;
			begin
				drop role rowcast_capture;
			exception when dependent_objects_still_exist or insufficient_privilege or undefined_object then
				null;
			end;
		end if;
	end $$`

// removeTriggers needs no function of the schema, which may lack some.
func (m *Migrator) removeTriggers(ctx context.Context, conn *pgx.Conn, table string) error {
	return changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			with part as (
				select p.relid::oid from pg_catalog.pg_partition_tree($1::text::regclass) p union select $1::text::regclass::oid
			)
			select pg_catalog.format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
			  from part p join pg_trigger g on g.tgrelid = p.relid join pg_proc f on f.oid = g.tgfoid
			 where f.pronamespace = 'rowcast'::regnamespace::oid and g.tgparentid = 0
			 order by g.tgrelid <> $1::text::regclass::oid, g.tgrelid`, table)
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
