package pgtest

import (
	"database/sql"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/pressly/goose/v3"

	"rowcast/internal/postgres"
	"rowcast/migrations/inventory"
)

// Env is a database and a session of a writer on it.
type Env struct {
	DSN  string
	Conn *pgx.Conn
}

// Open connects to a database and executes statements.
func Open(t testing.TB, dsn string, setup ...string) *Env {
	t.Helper()
	e := &Env{DSN: dsn, Conn: Connect(t, dsn)}
	e.Exec(t, setup...)
	return e
}

// Migrated is Open on a fresh database with Rowcast.
func Migrated(t testing.TB, setup ...string) *Env {
	t.Helper()
	dsn := Database(t)
	Migrate(t, dsn)
	return Open(t, dsn, setup...)
}

// Migrate puts Rowcast into a database, with options.
func Migrate(t testing.TB, dsn string, options ...func(*postgres.Migrator)) {
	t.Helper()
	migrator := postgres.Migrator{URL: dsn, Log: slog.New(slog.DiscardHandler)}
	for _, set := range options {
		set(&migrator)
	}
	if _, err := migrator.Up(t.Context()); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// WithInventory has Migrate put the tables of the demo into the database too.
func WithInventory(m *postgres.Migrator) { m.Inventory = true }

// Inventory puts the tables of the demo into a database, without Rowcast.
func Inventory(t testing.TB, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, inventory.FS)
	if err == nil {
		_, err = provider.Up(t.Context())
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// Docs are the statements that make the watched table docs, whose events are
// named doc.
func Docs() []string {
	return []string{
		`create table docs (id int primary key, tenant_id text, body text)`,
		`select rowcast.watch('docs', name => 'doc')`,
	}
}

// Connect opens another session.
func (e *Env) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	return Connect(t, e.DSN)
}

// Exec executes statements in the session, one after the other.
func (e *Env) Exec(t testing.TB, statements ...string) {
	t.Helper()
	Exec(t, e.Conn, statements...)
}
