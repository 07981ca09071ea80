package measure_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
	"rowcast/internal/test/pgtest"
)

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// burn has the server work for about a second in a session of its own, which
// then ends; it returns the processor time that the session had used.
func burn(t *testing.T, s *measure.Server) float64 {
	t.Helper()
	conn := connect(t)
	if _, err := conn.Exec(t.Context(), `do $$ begin while clock_timestamp() < now() + interval '1 s' loop end loop; end $$`); err != nil {
		t.Fatal(err)
	}
	used := s.ProcessCPU(int(conn.PgConn().PID()))
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return used
}

func TestServerCountsWhatEnded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	conn := connect(t)
	s, err := measure.FindServer(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	before := s.CPU()
	used := burn(t, s)
	if !bench.Known(used) || used <= 0 {
		t.Fatalf("a session that worked for a second used %v s", used)
	}
	// The session has ended; its time must not have gone with it.
	for range 100 {
		var left int
		if err := conn.QueryRow(t.Context(), `select count(*) from pg_stat_activity where backend_type = 'client backend'`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := s.CPU() - before; got < used-0.02 {
		t.Errorf("the server used %.2f s; one session alone %.2f s", got, used)
	}
}

func TestServerElsewhereIsUnknown(t *testing.T) {
	t.Parallel()
	var s *measure.Server
	if bench.Known(s.CPU()) || bench.Known(s.ProcessCPU(1)) {
		t.Error("a server that cannot be seen has processor time")
	}
}
