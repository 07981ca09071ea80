package conform_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/postgres"
	"rowcast/internal/test/servetest"
)

// env is a database, and servers on it.
type env struct {
	t   *testing.T
	dsn string
	db  *pgxpool.Pool

	mu      sync.Mutex
	servers map[string][2]*servetest.Server
}

func newEnv(t *testing.T) *env {
	t.Helper()
	s := &env{t: t, dsn: servetest.Database(t), servers: make(map[string][2]*servetest.Server)}
	var err error
	if s.db, err = postgres.Open(t.Context(), s.dsn, "writer", 8); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.db.Close)
	return s
}

// serve starts a server for a wire.
func (s *env) serve(t *testing.T, w wire) *servetest.Server {
	t.Helper()
	return servetest.Start(t, s.dsn, w.settings...)
}

// pair are two servers for a wire, which all tests of the env may use.
func (s *env) pair(w wire) [2]*servetest.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join(w.settings, " ")
	pair, ok := s.servers[key]
	if !ok {
		pair = [2]*servetest.Server{s.serve(s.t, w), s.serve(s.t, w)}
		s.servers[key] = pair
	}
	return pair
}

// newTenant makes a tenant and answers its id.
func (s *env) newTenant(t *testing.T) (id string) {
	t.Helper()
	err := s.db.QueryRow(t.Context(), `insert into tenants (slug, name) values ('t' || md5(random()::text), 'T') returning id`).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// exec runs statements one after the other, with $1 as a tenant.
func (s *env) exec(t *testing.T, tenant string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		args := []any{tenant}
		if !strings.Contains(statement, "$1") {
			args = nil
		}
		if _, err := s.db.Exec(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
