package latency

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/test/pgtest"
)

// TestIdle measures a database that nobody else uses.
func TestIdle(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for range 5 {
		if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
			t.Fatal(err)
		}
	}
	server, err := child.Start(t.Context(), "server", child.Spec{Path: os.Args[0], Environ: []string{isChild + "=1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	r := &run{Settings: Settings{Idle: time.Second}, server: server}
	idle, err := r.idle(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	// Autovacuum may have looked. This session does not say that it is ours.
	if idle.queries > 3 || idle.server < 0 || idle.server > 1 || idle.backends != 0 || idle.others != 1 {
		t.Errorf("%+v", idle)
	}
}
