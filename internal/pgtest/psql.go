package pgtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowcast/internal/devpg"
)

// psqlLimit bounds one run of psql.
const psqlLimit = 5 * time.Minute

// Psql runs psql against the DSN and answers what it printed. The test fails
// when psql is missing or ends with an error; in a script, with the first one.
func Psql(t testing.TB, dsn string, args ...string) string {
	t.Helper()
	// Not the test's context: cleanups run after its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), psqlLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, psqlPath(t),
		append([]string{"-X", "-v", "ON_ERROR_STOP=1", "-d", dsn}, args...)...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PG") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("pgtest: psql %s: %v\n%s%s", strings.Join(args, " "), err, stderr.String(), stdout.String())
	}
	return stdout.String()
}

func psqlPath(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("psql"); err == nil {
		return path
	}
	if dir, err := devpg.FindBinaries(); err == nil {
		path := filepath.Join(dir, "psql")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("pgtest: psql is neither in the PATH nor beside the PostgreSQL server: install it (Debian, Ubuntu: apt install postgresql-client)")
	return ""
}
