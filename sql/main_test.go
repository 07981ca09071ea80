package sql_test

import (
	"io"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// newEnv makes a migrated database with the watched table public.docs.
func newEnv(t *testing.T) *pgtest.Env {
	t.Helper()
	return pgtest.Migrated(t, pgtest.Docs()...)
}

// text asks for one value, as text.
func text(t *testing.T, s *pgtest.Env, query string) string {
	t.Helper()
	return pgtest.Query[string](t, s.Conn, `select coalesce((`+query+`)::text, '')`)
}

// captured is the whole log in short: the operation and the tenant of each row.
func captured(t *testing.T, s *pgtest.Env) string {
	t.Helper()
	return text(t, s, `select string_agg(op::text || ' ' || tenant, ', ' order by id) from rowcast.log`)
}

// psql gives arguments to psql in a session without a search_path. A word that
// ends with .sql is a script; one with = is a variable.
func psql(t *testing.T, s *pgtest.Env, stdin io.Reader, words ...string) (stdout, stderr string, status int) {
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
func run(t *testing.T, s *pgtest.Env, words ...string) string {
	t.Helper()
	stdout, stderr, status := psql(t, s, nil, words...)
	if status != 0 || stderr != "" {
		t.Fatalf("psql %q: status %d\n%s%s", words, status, stderr, stdout)
	}
	return stdout
}

// refused is psql that must end with an error, of which it returns the line.
func refused(t *testing.T, s *pgtest.Env, words ...string) string {
	t.Helper()
	stdout, stderr, status := psql(t, s, nil, words...)
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
