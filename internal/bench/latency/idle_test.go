package latency

import (
	"context"
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
	var used time.Duration
	r := &run{Options: Options{Settings: Settings{Idle: time.Second}, Usage: func(context.Context) (child.Usage, error) {
		used += 100 * time.Millisecond
		return child.Usage{CPU: used}, nil
	}}}
	idle, err := r.idle(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	// Autovacuum may have looked. This session does not say that it is ours.
	if idle.Queries > 3 || idle.Server < 0.01 || idle.Server > 0.11 || idle.Backends != 0 || idle.Others != 1 {
		t.Errorf("%+v", idle)
	}
}
