package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// TestServeThroughATransactionPooler has clients resume at once from the
// history, which two shared backends serve.
func TestServeThroughATransactionPooler(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	pooled := pgtest.Pooler(t, s.DSN)
	url, _ := serve(t, s, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.DSN)
	first, joined := join(t, url, inventory.AcmeID, "", "order:*")
	for n := range 20 {
		s.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, order_number, customer) values ('%s', 'L%d', 'C')`, inventory.AcmeID, n))
	}
	s.Exec(t, `update orders set customer = 'last' where order_number = 'L19'`)
	if got := first.events(t, "order:updated"); len(got) != 21 {
		t.Errorf("%d live events; want 21", len(got))
	}
	// A server that has not seen these changes serves them from the history.
	url, _ = serve(t, s, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.DSN)
	var clients sync.WaitGroup
	for range 10 {
		clients.Go(func() {
			c, _ := join(t, url, inventory.AcmeID, joined.Cursor, "order:*")
			if got := c.events(t, "order:updated"); len(got) != 21 {
				t.Errorf("%d events from the history; want 21", len(got))
			}
		})
	}
	clients.Wait()
}

func TestTwoDatabasesAreRefused(t *testing.T) {
	t.Parallel()
	one, other := newEnv(t), newEnv(t)
	code, _, stderr := rowcast(t, []string{
		"DATABASE_URL=" + one.DSN, "LISTEN_DATABASE_URL=" + other.DSN, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, "serve")
	if code != program.ExitUsage || !strings.Contains(stderr, "lead to different databases") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestPoolerThatSwallowsSettings has a pooler that takes whatever a client
// asks for and drops it: LISTEN and the locks of a session would seem to work.
// It is named before anything relies on it, with the setting to change.
func TestPoolerThatSwallowsSettings(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	pooled := pgtest.Pooler(t, s.DSN, swallowed(t))
	if _, err := postgres.Connect(t.Context(), pooled, "test"); !errors.Is(err, postgres.ErrPooler) {
		t.Errorf("connect directly: %v", err)
	}
	for _, environ := range [][]string{
		{"DATABASE_URL=" + pooled},
		{"DATABASE_URL=" + s.DSN, "LISTEN_DATABASE_URL=" + pooled},
	} {
		code, _, stderr := rowcast(t, append(environ, "JWT_SECRET="+secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), "serve")
		if code != program.ExitUsage || !strings.Contains(stderr, "connection pooler") || !strings.Contains(stderr, "see LISTEN_DATABASE_URL") {
			t.Errorf("serve with %s: exit %d, %s", environ, code, stderr)
		}
	}
	url, _ := serve(t, s, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.DSN)
	c, _ := join(t, url, inventory.AcmeID, "")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'P1', 'C')`)
	c.events(t, "order:created")
}

func TestPoolerWithoutDirectConnectionIsNamed(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	pooled := pgtest.Pooler(t, s.DSN)
	if _, err := postgres.Connect(t.Context(), pooled, "test"); !errors.Is(err, postgres.ErrPooler) {
		t.Errorf("connect directly: %v", err)
	}
	code, _, stderr := rowcast(t, []string{"DATABASE_URL=" + pooled, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	if code != program.ExitUsage || !strings.Contains(stderr, "see LISTEN_DATABASE_URL") {
		t.Errorf("serve: exit %d, %s", code, stderr)
	}
}

// swallowed has a pooler take the settings of a session and drop them.
func swallowed(t *testing.T) string {
	t.Helper()
	config, err := postgres.Config("", "test")
	if err != nil {
		t.Fatal(err)
	}
	return "ignore_startup_parameters = " + strings.Join(slices.Sorted(maps.Keys(config.RuntimeParams)), ",")
}
