package pgtest

import (
	"context"
	"testing"

	"rowcast/internal/postgres"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Executor executes statements: a session, a transaction or a pool.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Querier answers queries: a session, a transaction or a pool.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Connect opens a session that ends with the test.
func Connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	return ConnectAs(t, dsn, "test")
}

// ConnectAs is Connect with a name for the application.
func ConnectAs(t testing.TB, dsn, application string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	config.RuntimeParams["application_name"] = application
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("pgtest: connect as %s: %v", application, err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Pool opens a pool of at most so many connections, which ends with the test.
func Pool(t testing.TB, dsn, application string, connections int32) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), dsn, application, connections)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Exec executes statements, one after the other.
func Exec(t testing.TB, db Executor, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		ExecWith(t, db, statement)
	}
}

// ExecWith executes one statement with arguments.
func ExecWith(t testing.TB, db Executor, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Query returns the one value that a query finds.
func Query[T any](t testing.TB, db Querier, query string, args ...any) T {
	t.Helper()
	rows, err := db.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	value, err := pgx.CollectOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// Column returns the values that a query of one column finds.
func Column[T any](t testing.TB, db Querier, query string, args ...any) []T {
	t.Helper()
	rows, err := db.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return values
}
