package pgtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowcast/internal/demo/devpg"
)

// psqlLimit bounds one run of psql.
const psqlLimit = 5 * time.Minute

// Psql runs psql against the DSN and returns what it printed. The test fails
// when psql is missing or ends with an error; in a script, with the first one.
func Psql(t testing.TB, dsn string, args ...string) string {
	t.Helper()
	stdout, stderr, status := RunPsql(t, dsn, nil, append([]string{"-v", "ON_ERROR_STOP=1"}, args...)...)
	if status != 0 {
		t.Fatalf("pgtest: psql %s: exit status %d\n%s%s", strings.Join(args, " "), status, stderr, stdout)
	}
	return stdout
}

// RunPsql runs psql -X against the DSN and returns what it printed and its exit
// status. stdin may be nil. The test fails when psql is missing or is killed.
func RunPsql(t testing.TB, dsn string, stdin io.Reader, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	// Not the test's context: cleanups run after its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), psqlLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, psqlPath(t), append([]string{"-X", "-d", dsn}, args...)...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PG") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &said
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.Exited() {
		status = ended.ExitCode()
	} else if err != nil {
		t.Fatalf("pgtest: psql %s: %v\n%s%s", strings.Join(args, " "), err, said.String(), out.String())
	}
	return out.String(), said.String(), status
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
