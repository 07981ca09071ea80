package sql_test

import (
	"io"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// env is a migrated database with the watched table public.docs, and a
// connection to it.
type env struct{ *pgtest.Env }

func newEnv(t *testing.T) *env {
	t.Helper()
	return &env{pgtest.Migrated(t, pgtest.Docs()...)}
}

// text asks for one value, as text.
func (s *env) text(t *testing.T, query string) string {
	t.Helper()
	var value string
	if err := s.Conn.QueryRow(t.Context(), `select coalesce((`+query+`)::text, '')`).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// captured is the whole log in short: the operation and the tenant of each row.
func (s *env) captured(t *testing.T) string {
	t.Helper()
	return s.text(t, `select string_agg(op::text || ' ' || tenant, ', ' order by id) from rowcast.log`)
}

// psql gives arguments to psql in a session without a search_path. A word that
// ends with .sql is a script; one with = is a variable.
func (s *env) psql(t *testing.T, stdin io.Reader, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	args := []string{"-q", "-c", "set search_path = ''"}
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-c":
			i++
			args = append(args, "-c", words[i])
		case strings.HasSuffix(word, ".sql"):
			args = append(args, "-f", word)
		default:
			args = append(args, "-v", word)
		}
	}
	return pgtest.RunPsql(t, s.DSN, stdin, args...)
}

// run is psql that must succeed without a word on stderr.
func (s *env) run(t *testing.T, words ...string) string {
	t.Helper()
	stdout, stderr, status := s.psql(t, nil, words...)
	if status != 0 || stderr != "" {
		t.Fatalf("psql %q: status %d\n%s%s", words, status, stderr, stdout)
	}
	return stdout
}

// refused is psql that must end with an error, of which it returns the line.
func (s *env) refused(t *testing.T, words ...string) string {
	t.Helper()
	stdout, stderr, status := s.psql(t, nil, words...)
	if status != 3 {
		t.Fatalf("psql %q: status %d, want 3\n%s%s", words, status, stderr, stdout)
	}
	return stderr
}

// contains checks that the text has every part.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in:\n%s", part, text)
		}
	}
}
