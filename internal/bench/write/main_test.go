package write_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/stage"
	"rowcast/internal/bench/write"
	"rowcast/internal/test/pgtest"
)

// isWorker makes a process of this test binary a server.
const isWorker = "TEST_BINARY_IS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(isWorker) == "" {
		pgtest.Main(m)
		return
	}
	server := &stage.Service{Environ: os.Environ(), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	err := stage.Serve(context.Background(), os.Stdin, os.Stdout, map[string]any{"Service": server})
	if err := errors.Join(err, server.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// short are the settings of a short run.
func short() write.Settings {
	return write.Settings{Writers: []int{1, 4}, Rounds: 1, Duration: 40 * time.Millisecond, Rows: 3000, Table: "orders"}
}

// run runs the benchmark to its end.
func run(ctx context.Context, t *testing.T, d *pgtest.Env, s write.Settings, report *bench.Report) error {
	at := stage.New(stage.Options{Environ: []string{isWorker + "=1"}, Settings: []string{"DATABASE_URL=" + d.DSN}, URL: d.DSN})
	err := write.Run(ctx, at, s, nil, report)
	if err := at.Close(); err != nil {
		t.Error(err)
	}
	return err
}

// clean checks that nothing of a run is in the database.
func clean(t *testing.T, d *pgtest.Env) {
	t.Helper()
	// A session ends a moment after its client has closed it.
	const sessions = `select count(*) from pg_stat_activity where datname = current_database() and application_name like 'rowcast-bench%'`
	deadline := time.Now().Add(2 * time.Minute)
	for pgtest.Query[int](t, d.Conn, sessions) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("sessions are left")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for what, query := range map[string]string{
		"schemas":        `select count(*) from pg_namespace where nspname = 'rowcast_bench'`,
		"watched tables": `select count(*) from rowcast.watched where active and name = 'measured'`,
		"locks":          `select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
	} {
		if n := pgtest.Query[int](t, d.Conn, query); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
}

// started is a run on its way.
type started struct {
	cancel context.CancelFunc
	done   chan error
}

func start(t *testing.T, d *pgtest.Env, o write.Settings) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := started{cancel, make(chan error, 1)}
	go func() { s.done <- run(ctx, t, d, o, new(bench.Report)) }()
	t.Cleanup(cancel)
	return s
}

// until waits for a fact, or fails if the run ends before.
func until(t *testing.T, d *pgtest.Env, s started, is string) {
	t.Helper()
	for !pgtest.Query[bool](t, d.Conn, is) {
		select {
		case err := <-s.done:
			t.Fatalf("the run ended before %s: %v", is, err)
		case <-time.After(time.Millisecond):
		}
	}
}

// canceled ends a run and checks what it says.
func (s started) canceled(t *testing.T) {
	t.Helper()
	s.cancel()
	if err := <-s.done; !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
}

// find finds a table of the report.
func find(t *testing.T, r *bench.Report, table string) *bench.Table {
	t.Helper()
	n := slices.IndexFunc(r.Tables, func(t bench.Table) bool { return t.Key == table })
	if n < 0 {
		t.Fatalf("the report has no table %s", table)
	}
	return &r.Tables[n]
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
