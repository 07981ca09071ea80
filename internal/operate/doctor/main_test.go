package doctor_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/operate/doctor"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// env is a migrated database with a watched table, and a connection to it.
type env struct {
	dsn  string
	conn *pgx.Conn
}

func newEnv(t *testing.T) *env {
	t.Helper()
	return envOn(t, pgtest.Database(t))
}

func envOn(t *testing.T, dsn string) *env {
	t.Helper()
	s := &env{dsn: dsn}
	s.conn = s.connect(t)
	m := postgres.Migrator{URL: dsn, Log: slog.New(slog.DiscardHandler)}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `create table docs (id int primary key, tenant_id text not null, body text)`, `create index docs_tenant on docs (tenant_id)`,
		`select rowcast.watch('docs')`)
	return s
}

func (s *env) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func (s *env) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.conn.Exec(t.Context(), strings.ReplaceAll(statement, "$DB", s.conn.Config().Database)); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// options look at the database of the env, and at no server.
func (s *env) options() doctor.Options {
	return doctor.Options{
		DatabaseURL: s.dsn, ListenDatabaseURL: s.dsn, Secret: []byte("0123456789abcdefghijklmnopqrstuvwxyz"), AdminAddr: "127.0.0.1:1",
	}
}

// seen are the states in which each check was found.
type seen map[string]map[doctor.Status]bool

// look runs the doctor and notes what it found.
func (v seen) look(t *testing.T, o doctor.Options) map[string]doctor.Result {
	t.Helper()
	found := map[string]doctor.Result{}
	for _, r := range doctor.Run(t.Context(), o, nil).Results {
		code := string(r.Code)
		found[code] = r
		if v[code] == nil {
			v[code] = map[doctor.Status]bool{}
		}
		v[code][r.Status] = true
		if r.Evidence == "" || r.Check == "" || (r.Fix == "") != (r.Status == doctor.OK || r.Status == doctor.Skip) {
			t.Errorf("incomplete: %+v", r)
		}
	}
	return found
}

// expect wants a check to be found so, with a text in its evidence or its fix.
func (v seen) expect(t *testing.T, o doctor.Options, code string, status doctor.Status, says ...string) {
	t.Helper()
	got := v.look(t, o)[code]
	if got.Status != status {
		t.Errorf("%s is %s, not %s: %s", code, got.Status, status, got.Evidence)
	}
	for _, text := range says {
		if !strings.Contains(got.Evidence+"\n"+got.Fix, text) {
			t.Errorf("%s does not say %q: %s; fix: %s", code, text, got.Evidence, got.Fix)
		}
	}
}
