package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sessionSettings are what every session of the program has, whatever the
// server, the database or the role has set: which bytes arrive, whether it may
// write, how what it makes is stored, and when its statements are ended.
func sessionSettings() map[string]string {
	return map[string]string{
		"client_encoding":             "UTF8", // but see decided
		"DateStyle":                   "ISO, MDY",
		"IntervalStyle":               "postgres",
		"TimeZone":                    "UTC",
		"bytea_output":                "hex",
		"extra_float_digits":          "1",
		"standard_conforming_strings": "on",
		"quote_all_identifiers":       "off",
		"transform_null_equals":       "off",
		"array_nulls":                 "on",
		"row_security":                "on",
		"exit_on_error":               "off",
		"default_table_access_method": "heap",

		"default_transaction_isolation":  "read committed",
		"default_transaction_read_only":  "off",
		"default_transaction_deferrable": "off",

		"statement_timeout":                   "0",
		"lock_timeout":                        "0",
		"idle_in_transaction_session_timeout": "0",
		"idle_session_timeout":                "0",
	}
}

// migrationSettings are those of sessions that install: PL/pgSQL looks at nothing
// but errors in what they make.
func migrationSettings() map[string]string {
	settings := sessionSettings()
	settings["plpgsql.extra_errors"] = "none"
	return settings
}

// querySettings are further ones, for sessions that make the queries of the
// program: these are small and always walk an index, so neither JIT nor a fresh
// plan pays. They name what is not in pg_catalog with its schema, so the
// search_path only says which names of tables are written without theirs.
func querySettings() map[string]string {
	settings := sessionSettings()
	maps.Copy(settings, map[string]string{
		"search_path":          "public, pg_temp",
		"jit":                  "off",
		"plan_cache_mode":      "force_generic_plan",
		"enable_seqscan":       "off",
		"enable_hashjoin":      "off",
		"enable_mergejoin":     "off",
		"enable_nestloop":      "on",
		"enable_indexscan":     "on",
		"enable_indexonlyscan": "on",
		"enable_bitmapscan":    "on",
		"enable_sort":          "on",
		"join_collapse_limit":  "8",
		"from_collapse_limit":  "8",
	})
	return settings
}

// decided are the settings that depend on the server, so that they are not known before
// it has answered. A database in SQL_ASCII says nothing of what its bytes mean, and
// PostgreSQL refuses a row whose bytes are not UTF-8 to the session that asked for
// that: its bytes are taken as they are.
func decided(conn *pgconn.PgConn) map[string]string {
	const sqlASCII, withTransactionTimeout = "SQL_ASCII", 17
	settings := map[string]string{}
	if conn.ParameterStatus("server_encoding") == sqlASCII {
		settings["client_encoding"] = sqlASCII
	}
	var major int
	_, err := fmt.Sscanf(conn.ParameterStatus("server_version"), "%d", &major)
	if err == nil && major >= withTransactionTimeout {
		settings["transaction_timeout"] = "0"
	}
	return settings
}

// set are the statements that make settings, each after a verb.
func set(verb string, settings map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := settings[name]
		if name != "search_path" && name != "DateStyle" { // those are lists of names
			value = "'" + value + "'"
		}
		fmt.Fprintf(&text, "%s %s = %s;", verb, name, value)
	}
	return text.String()
}

// give has a direct connection begin with the settings.
func give(config *pgx.ConnConfig, settings map[string]string) {
	maps.Copy(config.RuntimeParams, settings)
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if more := decided(conn); len(more) > 0 {
			_, err := conn.Exec(ctx, set("set", more)).ReadAll()
			return err
		}
		return nil
	}
}

// begin begins a transaction in a session that another program may own, a
// transaction pooler: with the settings, for as long as it lasts.
func begin(ctx context.Context, conn *pgx.Conn) (pgx.Tx, error) {
	settings := querySettings()
	maps.Copy(settings, decided(conn.PgConn()))
	maps.DeleteFunc(settings, func(name, _ string) bool {
		return strings.HasPrefix(name, "default_transaction_") // these are for the next
	})
	query := "begin isolation level read committed, read write, not deferrable;"
	if conn.PgConn().ParameterStatus("in_hot_standby") == "on" {
		query = "begin isolation level read committed, not deferrable;" // it cannot become one that writes
	}
	// What might end the statements that follow comes first.
	const timeout = "statement_timeout"
	query += set("set local", map[string]string{timeout: settings[timeout]}) + set("set local", settings)
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: query})
	if err != nil && !conn.IsClosed() {
		_, undone := conn.Exec(ctx, "rollback") // it may have begun
		return nil, errors.Join(err, undone)
	}
	return tx, err
}

// Within runs work in a transaction with the settings, on a connection that may
// lead through a transaction pooler.
func Within(ctx context.Context, conn *pgx.Conn, work func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, beginner{conn}, work)
}

type beginner struct{ conn *pgx.Conn }

func (b beginner) Begin(ctx context.Context) (pgx.Tx, error) { return begin(ctx, b.conn) }
