package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"rowcast/internal/command/program"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		main()
	}
	pgtest.Main(m)
}

const (
	// isProgram makes a process of this test binary rowcast-bench itself.
	isProgram = "TEST_BINARY_IS_ROWCAST_BENCH"
	// timeout bounds every wait; it decides nothing but when to give up.
	timeout = 2 * time.Minute
)

// environ also makes the processes of the benchmark rowcast-bench.
func environ(s *pgtest.Env) []string { return []string{"DATABASE_URL=" + s.DSN, isProgram + "=1"} }

// run runs a benchmark in this process.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, newRoot(&program.Program{Environ: environ, Stdout: stdout, Stderr: stderr}), args, stderr)
}

// runs runs a benchmark to its end.
func runs(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run(t.Context(), args, environ, &out, &problems)
	return code, out.String(), problems.String()
}

// spawn starts rowcast-bench as a process of its own.
func spawn(t *testing.T, environ []string, args ...string) *servetest.Process {
	t.Helper()
	return servetest.Spawn(t, append(environ, isProgram+"=1"), os.Args[0], args...)
}
