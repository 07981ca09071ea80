package latency

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/stage"
	"rowcast/internal/test/pgtest"
)

// TestIdle measures a database that nobody else uses.
func TestIdle(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for range 5 {
		if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
			t.Fatal(err)
		}
	}
	server, err := stage.New(stage.Options{Environ: []string{isChild + "=1"}}).Start(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	r := newRun(stage.New(stage.Options{URL: dsn}), Settings{Idle: time.Second})
	r.server = server
	idle, err := r.idle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Autovacuum may have looked. The session of the test is somebody else's.
	if idle.queries > 3 || idle.server < 0 || idle.server > 1 || idle.backends != 0 || idle.others != 1 {
		t.Errorf("%+v", idle)
	}
}
