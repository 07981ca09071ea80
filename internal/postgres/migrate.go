package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"rowcast/migrations"
	"rowcast/migrations/inventory"
	"rowcast/triggers"
)

// Tables that hold the versions of the two histories. That of the inventory
// schema lies beside it and outlives schema rowcast.
const (
	versionTable          = "rowcast.migration"
	inventoryVersionTable = "public.inventory_migration"
)

// Step is one thing that a migration did.
type Step struct {
	// What was worked on: a migration, a file of functions or a table.
	What string
	// Did says what was done, in words.
	Did string
}

// Migrator installs Rowcast in the database at URL.
type Migrator struct {
	URL string
	Log *slog.Logger
	// Inventory adds the reference inventory schema.
	Inventory bool
	// NewFeed forgets the log and begins a new feed.
	NewFeed bool
	// Published installs although a publication carries the log to subscribers.
	Published bool
	// LockTimeout is how long a step waits for a table lock before it lets
	// writers pass and tries again. Zero means 250 ms.
	LockTimeout time.Duration
}

// Up installs or updates. It returns what it did, also when it fails.
func (m *Migrator) Up(ctx context.Context) ([]Step, error) {
	db, err := m.open("")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := refuseNewer(ctx, conn); err != nil {
		return nil, err
	}
	steps, err := m.checkPublished(ctx, conn)
	if err != nil {
		return nil, err
	}
	watched, made, err := m.clear(ctx, conn)
	steps = append(steps, made...)
	if err != nil {
		return steps, err
	}
	if err := createSchema(ctx, db); err != nil {
		return steps, err
	}
	if m.Inventory {
		made, err := m.goose(ctx, db, inventory.FS, inventoryVersionTable, up)
		steps = append(steps, made...)
		if err != nil {
			return steps, err
		}
	}
	made, err = m.gooseOwn(ctx)
	steps = append(steps, made...)
	if err != nil {
		return steps, err
	}
	migrated := len(made) > 0
	made, err = m.applyTriggers(ctx, conn, watched)
	steps = append(steps, made...)
	broken := err
	if err == nil {
		broken = m.inscribe(ctx, conn)
	}
	if err := m.retry(ctx, conn, "select rowcast.record_objects($1)", migrated); err != nil {
		broken = errors.Join(broken, fmt.Errorf("write down what was installed: %w", err))
	}
	made, err = m.checkFeed(ctx, conn)
	return append(steps, made...), errors.Join(broken, err)
}

// checkFeed begins a new feed if asked, and says so if the log does not belong
// to the database.
func (m *Migrator) checkFeed(ctx context.Context, conn *pgx.Conn) ([]Step, error) {
	if m.NewFeed {
		id, err := m.retryText(ctx, conn, "select rowcast.new_feed()")
		if err != nil {
			return nil, fmt.Errorf("begin a new feed: %w", err)
		}
		return []Step{{"feed", "begun anew as " + id}}, nil
	}
	reason, err := m.retryText(ctx, conn, "select coalesce(rowcast.foreign_log(), '')")
	if err != nil {
		return nil, fmt.Errorf("check whether the log belongs to the database: %w", err)
	}
	if reason == "" {
		return nil, nil
	}
	return []Step{{"feed", "of another database, begin a new one with rowcast migrate --new-feed: " + reason}}, nil
}

// Down removes schema rowcast and its triggers, and the inventory schema if
// asked. The tables of the business stay as they are.
func (m *Migrator) Down(ctx context.Context) ([]Step, error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	db, err := m.open("")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	steps, err := m.removeRowcast(ctx, conn)
	if err != nil || !m.Inventory {
		return steps, err
	}
	made, err := m.goose(ctx, db, inventory.FS, inventoryVersionTable, down)
	steps = append(steps, made...)
	if err != nil {
		return steps, err
	}
	if err := m.retry(ctx, conn, "drop table if exists "+inventoryVersionTable); err != nil {
		return steps, fmt.Errorf("drop %s: %w", inventoryVersionTable, err)
	}
	return steps, nil
}

// sessionName is the application_name of a migration.
const sessionName = "rowcast migrate"

// ownPath is the search_path under which Rowcast's own objects are made. In that of
// a role anybody may have put a function or an operator in the place of another.
const ownPath = "pg_catalog, pg_temp"

// open takes a search_path, empty for that of the role.
func (m *Migrator) open(path string) (*sql.DB, error) {
	config, err := config(m.URL, sessionName, migrationSettings())
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["lock_timeout"] = strconv.FormatInt(cmp.Or(m.LockTimeout, lockTimeout).Milliseconds(), 10)
	if path != "" {
		config.RuntimeParams["search_path"] = path
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	return db, nil
}

func (m *Migrator) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := config(m.URL, sessionName, migrationSettings())
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// createSchema makes the schema that holds the version table. Two sessions
// that create a schema at once collide even with "if not exists".
func createSchema(ctx context.Context, db *sql.DB) error {
	create := fmt.Sprintf(`
		do $$ begin
			if to_regnamespace('rowcast') is null then
				perform pg_advisory_xact_lock(%d);
				create schema if not exists rowcast;
			end if;
		end $$`, triggers.MigrationLock)
	if _, err := db.ExecContext(ctx, create); err != nil {
		return fmt.Errorf("create schema rowcast: %w", err)
	}
	return nil
}

type direction func(context.Context, *goose.Provider) ([]*goose.MigrationResult, error)

func up(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) { return p.Up(ctx) }

func down(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) {
	return p.DownTo(ctx, 0)
}

// gooseOwn brings the history of schema rowcast up to date.
func (m *Migrator) gooseOwn(ctx context.Context) ([]Step, error) {
	db, err := m.open(ownPath)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return m.goose(ctx, db, migrations.FS, versionTable, up)
}

func (m *Migrator) goose(ctx context.Context, db *sql.DB, files fs.FS, table string, run direction) ([]Step, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(triggers.MigrationLock), lock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(table), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	var steps []Step
	err = untilLocked(ctx, m.Log, cmp.Or(m.LockTimeout, lockTimeout), func() error {
		results, err := run(ctx, provider)
		if partial, ok := errors.AsType[*goose.PartialError](err); ok {
			results = partial.Applied
		}
		for _, r := range results {
			steps = append(steps, Step{"migration " + r.Source.Path, r.Direction + " in " + r.Duration.Round(time.Millisecond).String()})
		}
		return err
	})
	if err != nil {
		return steps, fmt.Errorf("run the migrations of %s: %w", table, err)
	}
	return steps, nil
}

// applyTriggers applies the files of package triggers, watches the tables that
// were watched in a schema that is gone, and repairs the triggers of every other.
func (m *Migrator) applyTriggers(ctx context.Context, conn *pgx.Conn, watched []watchedTable) ([]Step, error) {
	// Until the last of them is applied, none is as it was installed.
	if err := m.retry(ctx, conn, "delete from rowcast.installed where kind = 'function'"); err != nil {
		return nil, fmt.Errorf("forget which functions were installed: %w", err)
	}
	for _, name := range triggers.Functions() {
		text, err := fs.ReadFile(triggers.FS, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		err = m.retry(ctx, conn, "set local search_path = "+ownPath+";\n"+string(text))
		if err != nil {
			return nil, fmt.Errorf("apply triggers/%s: %w", name, err)
		}
	}
	steps, err := m.watchAgain(ctx, conn, watched)
	if err != nil {
		return steps, err
	}
	made, err := m.followNames(ctx, conn)
	steps = append(steps, made...)
	broken := []error{err}
	for _, name := range triggers.Tables() {
		text, err := fs.ReadFile(triggers.FS, name)
		if err != nil {
			return steps, fmt.Errorf("read %s: %w", name, err)
		}
		did, err := m.retryText(ctx, conn, string(text))
		if err != nil {
			return steps, fmt.Errorf("apply triggers/%s: %w", name, err)
		}
		steps = append(steps, Step{"table " + strings.TrimSuffix(name, ".sql"), did})
	}
	repaired, err := m.repairOthers(ctx, conn)
	return append(steps, repaired...), errors.Join(append(broken, err)...)
}

// followNames makes what is watched agree with the names that people watch.
func (m *Migrator) followNames(ctx context.Context, conn *pgx.Conn) (steps []Step, err error) {
	err = changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select 'table ' || f.table_name, f.did from rowcast.follow_names() f")
		if err != nil {
			return err
		}
		steps, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Step])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the watched tables by their names: %w", err)
	}
	return steps, nil
}

// repairOthers installs missing triggers on the tables that the user added,
// and on partitions attached since. A table that cannot be repaired does not
// keep it from the others.
func (m *Migrator) repairOthers(ctx context.Context, conn *pgx.Conn) ([]Step, error) {
	rows, err := conn.Query(ctx, watchedQuery)
	if err != nil {
		return nil, fmt.Errorf("list the watched tables: %w", err)
	}
	type watched struct {
		ID    int
		Table string
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[watched])
	if err != nil {
		return nil, fmt.Errorf("list the watched tables: %w", err)
	}
	var steps []Step
	var broken []error
	for _, w := range tables {
		made, err := m.retryText(ctx, conn, fmt.Sprintf("select rowcast.install_triggers(%d)::text", w.ID))
		switch {
		case err != nil:
			broken = append(broken, fmt.Errorf("repair the triggers of %s: %w", w.Table, err))
		case made != "0":
			steps = append(steps, Step{"table " + w.Table, "repaired: " + made + " triggers"})
		}
		if ctx.Err() != nil {
			break
		}
	}
	return steps, errors.Join(broken...)
}

func (m *Migrator) retry(ctx context.Context, conn *pgx.Conn, query string, args ...any) error {
	return changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

func (m *Migrator) retryText(ctx context.Context, conn *pgx.Conn, query string) (text string, err error) {
	err = changeTables(ctx, conn, m.Log, m.LockTimeout, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, query).Scan(&text)
	})
	return text, err
}
