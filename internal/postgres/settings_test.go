package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// unwanted are values that a database may have for the settings of sessions.
func unwanted() map[string]string {
	return map[string]string{
		"client_encoding": "LATIN1", "DateStyle": "German", "IntervalStyle": "sql_standard", "TimeZone": "Asia/Tokyo", "bytea_output": "escape",
		"extra_float_digits": "-5", "standard_conforming_strings": "off", "quote_all_identifiers": "on", "transform_null_equals": "on",
		"array_nulls": "off", "row_security": "off", "exit_on_error": "on", "default_table_access_method": "other_heap",
		"default_transaction_isolation": "serializable", "default_transaction_read_only": "on", "default_transaction_deferrable": "on",
		"statement_timeout": "1h", "lock_timeout": "1h", "idle_in_transaction_session_timeout": "1h", "idle_session_timeout": "1h",
		"transaction_timeout": "1h",
		"search_path":         "nowhere", "jit": "on", "plan_cache_mode": "force_custom_plan",
		"enable_seqscan": "on", "enable_hashjoin": "on", "enable_mergejoin": "on", "enable_nestloop": "off", "enable_indexscan": "off",
		"enable_indexonlyscan": "off", "enable_bitmapscan": "off", "enable_sort": "off", "join_collapse_limit": "1", "from_collapse_limit": "1",
	}
}

const otherHeap = "create access method other_heap type table handler heap_tableam_handler"

// further ones that a session sets only to install, or not at all: nothing depends
// on them.
func further() map[string]string {
	return map[string]string{
		"plpgsql.extra_errors": "all", "plpgsql.extra_warnings": "all", "plpgsql.variable_conflict": "use_column", "check_function_bodies": "off",
		"xmloption": "document", "synchronous_commit": "off", "lc_messages": "C", "stats_fetch_consistency": "snapshot", "work_mem": "64kB",
	}
}

// Whatever is set for a database, every kind of session sets what it depends on
// itself, also through a pooler that knows none of the settings, and leaves
// nothing behind there.
func TestSessionsSetWhatTheyNeed(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	own, err := postgres.Config(dsn, "own")
	if err != nil {
		t.Fatal(err)
	}
	wanted := maps.Clone(own.RuntimeParams)
	delete(wanted, "application_name")
	admin := pgtest.Connect(t, dsn)
	pgtest.Exec(t, admin, otherHeap)
	if admin.PgConn().ParameterStatus("server_version") >= "17" {
		wanted["transaction_timeout"] = "0"
	}
	for name := range wanted {
		value, ok := unwanted()[name]
		if !ok {
			t.Fatalf("no unwanted value of %s is tried", name)
		}
		pgtest.Exec(t, admin, fmt.Sprintf("alter database %s set %s = '%s'", admin.Config().Database, name, value))
	}
	const settings = `select jsonb_object_agg(n, current_setting(n)) || jsonb_build_object('now', concat_ws(' ',
		current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable')))
		from unnest($1::text[]) n`
	names := slices.Sorted(maps.Keys(wanted))
	check := func(t *testing.T, kind string, db interface {
		QueryRow(ctx context.Context, query string, args ...any) pgx.Row
	}, except ...string,
	) {
		t.Helper()
		got := map[string]string{}
		if err := db.QueryRow(t.Context(), settings, names).Scan(&got); err != nil {
			t.Errorf("%s: %v", kind, err)
			return
		}
		if got["now"] != "read committed off off" {
			t.Errorf("%s: a transaction is %s", kind, got["now"])
		}
		for _, name := range names {
			if strings.ReplaceAll(got[name], `"`, "") != wanted[name] && !slices.Contains(except, name) {
				t.Errorf("%s: %s is %q; want %q", kind, name, got[name], wanted[name])
			}
		}
	}
	conn, err := postgres.Connect(t.Context(), dsn, "own")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	check(t, "connection", conn)
	named, err := postgres.ConnectForNames(t.Context(), dsn, "own")
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close(t.Context())
	check(t, "connection for names", named, "search_path")
	pool, err := postgres.Open(t.Context(), dsn, "own", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	check(t, "pool", pool)

	ways := map[string]string{"pooled": dsn}
	t.Run("pooler", func(t *testing.T) {
		ways["pooler"] = pgtest.Pooler(t, dsn)
		ways["pooler that swallows"] = pgtest.Pooler(t, dsn, "ignore_startup_parameters = "+strings.Join(slices.Sorted(maps.Keys(own.RuntimeParams)), ","))
		pooled(t, ways, func(kind string, db postgres.Pool) {
			check(t, kind, db, "default_transaction_isolation", "default_transaction_read_only", "default_transaction_deferrable")
		})
	})
}

// pooled uses a pool for each way in each of its manners.
func pooled(t *testing.T, ways map[string]string, check func(kind string, db postgres.Pool)) {
	t.Helper()
	for kind, way := range ways {
		db, err := postgres.OpenPooled(t.Context(), way, "own", 1)
		if err != nil {
			t.Fatal(err)
		}
		check(kind, db)
		var number int
		if tag, err := db.Exec(t.Context(), "create table kept as select generate_series(1, 3) as n"); err != nil || tag.RowsAffected() != 3 {
			t.Errorf("%s: %v, %v", kind, tag, err)
		}
		rows, err := db.Query(t.Context(), "select n from kept order by n")
		numbers, collected := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil || collected != nil || !slices.Equal(numbers, []int{1, 2, 3}) {
			t.Errorf("%s: %v, %v, %v", kind, numbers, err, collected)
		}
		if rows, err = db.Query(t.Context(), "select n from kept"); err != nil || !rows.Next() {
			t.Errorf("%s: the first of more rows: %v", kind, err)
		}
		rows.Close() // before the last row
		for _, bad := range []string{"select 1 / (n - n) from kept", "no statement"} {
			if err := db.QueryRow(t.Context(), bad).Scan(&number); err == nil {
				t.Errorf("%s: %s succeeds", kind, bad)
			}
			if _, err := db.Exec(t.Context(), bad); err == nil {
				t.Errorf("%s: %s succeeds", kind, bad)
			}
		}
		if err := db.QueryRow(t.Context(), "select n from kept where n > 3").Scan(&number); err != pgx.ErrNoRows { //nolint:errorlint // as pgx answers
			t.Errorf("%s: no row: %v", kind, err)
		}
		err = pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "drop table kept")
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		// One connection, so that it was given back each time.
		check(kind+" afterwards", db)
		db.Close()
	}
}

// A migration works whatever is set for the role.
func TestMigrateUnderUnwantedSettings(t *testing.T) {
	t.Parallel()
	settings := unwanted()
	maps.Copy(settings, further())
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Database(t)
			admin := pgtest.Connect(t, dsn)
			if since := map[string]string{"transaction_timeout": "17", "stats_fetch_consistency": "15"}[name]; admin.PgConn().ParameterStatus("server_version") < since {
				t.Skip("PostgreSQL has had it since", since)
			}
			pgtest.Exec(t, admin, otherHeap)
			value := settings[name]
			if strings.HasSuffix(name, "_timeout") {
				value = "1ms"
			}
			pgtest.Exec(t, admin, fmt.Sprintf("alter database %s set %s = '%s'", admin.Config().Database, name, value))
			m := postgres.Migrator{URL: dsn, Inventory: name != "search_path", Log: slog.New(slog.DiscardHandler)}
			// A slow machine may need longer than that to set what a session needs.
			inTime := func(migrate func() error) (err error) {
				for range 50 {
					if err = migrate(); err == nil || !strings.HasSuffix(name, "_timeout") ||
						!strings.Contains(err.Error(), "AfterConnect error") && !strings.Contains(err.Error(), "due to transaction timeout") {
						return err
					}
				}
				return err
			}
			if err := inTime(func() error { _, err := m.Up(t.Context()); return err }); err != nil {
				t.Fatal(err)
			}
			var elsewhere int
			err := admin.QueryRow(t.Context(), `select count(*) from pg_class c join pg_am a on a.oid = c.relam
				where c.relnamespace = 'rowcast'::regnamespace and a.amname = 'other_heap'`).Scan(&elsewhere)
			if err != nil || elsewhere > 0 {
				t.Errorf("%d tables are stored otherwise, %v", elsewhere, err)
			}
			if err := inTime(func() error { _, err := m.Down(t.Context()); return err }); err != nil {
				t.Error(err)
			}
		})
	}
}
