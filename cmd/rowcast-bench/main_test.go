package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
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

// env is a database with Rowcast.
type env struct {
	dsn  string
	conn *pgx.Conn
}

func newEnv(t *testing.T) *env {
	t.Helper()
	s := &env{dsn: pgtest.Database(t)}
	migrator := postgres.Migrator{URL: s.dsn, Log: slog.New(slog.DiscardHandler)}
	if _, err := migrator.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.conn, err = pgx.Connect(t.Context(), s.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close(context.Background()) })
	return s
}

// environ also makes the processes of the benchmark rowcast-bench.
func (s *env) environ() []string { return []string{"DATABASE_URL=" + s.dsn, isProgram + "=1"} }

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

// process is rowcast-bench running as a process of its own.
type process struct {
	*exec.Cmd
	stdout, stderr strings.Builder
	exited         chan struct{}
}

// spawn starts rowcast-bench with no more of the environment than it needs.
func spawn(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), exited: make(chan struct{})} //nolint:gosec // this test binary
	p.Env = append(environ, isProgram+"=1")
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		p.Env = append(p.Env, name+"="+os.Getenv(name))
	}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.Wait()
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.exited
	})
	return p
}

func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the end and checks the exit code. After it the output is whole.
func (p *process) ends(t *testing.T, code int) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(timeout):
		t.Fatalf("%s runs on after %s", p.Args[1:], timeout)
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Errorf("%s exits with %d; want %d:\n%s", p.Args[1:], got, code, &p.stderr)
	}
}
