package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/inventory"
	"rowcast/internal/pgtest"
	"rowcast/internal/postgres"
)

// pooler runs a PgBouncer in transaction mode before the server of dsn and
// returns the way through it. More settings may be given.
func pooler(t *testing.T, dsn string, more ...string) string {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("pgbouncer is not installed; .ci/run installs it")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := pgtest.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // for the socket of another user
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "pgbouncer.ini")
	err = os.WriteFile(settings, []byte(fmt.Sprintf(`
[databases]
* = host=%s port=%d user=%s
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = 2
%s
`, config.Host, config.Port, config.User, dir, strings.Join(more, "\n"))), 0o644) //nolint:gosec // read by another user
	if err != nil {
		t.Fatal(err)
	}
	args := []string{settings}
	if os.Geteuid() == 0 {
		args = []string{"-u", "postgres", settings}
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pooled := fmt.Sprintf("host=%s port=6432 user=%s dbname=%s", dir, config.User, config.Database)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), pooled+" default_query_exec_mode=simple_protocol")
		if err == nil {
			_ = conn.Close(t.Context())
			return pooled
		}
		if time.Now().After(deadline) {
			t.Fatalf("pgbouncer does not answer: %v", err)
		}
	}
}

// TestServeThroughATransactionPooler has clients resume at once from the
// history, which two shared backends serve.
func TestServeThroughATransactionPooler(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pooled := pooler(t, s.dsn)
	url, _ := s.serve(t, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.dsn)
	first, joined := join(t, url, inventory.AcmeID, "", "order:*")
	for n := range 20 {
		s.exec(t, fmt.Sprintf(`insert into orders (tenant_id, order_number, customer) values ('%s', 'L%d', 'C')`, inventory.AcmeID, n))
	}
	s.exec(t, `update orders set customer = 'last' where order_number = 'L19'`)
	if got := first.events(t, "order:updated"); len(got) != 21 {
		t.Errorf("%d live events; want 21", len(got))
	}
	// A server that has not seen these changes serves them from the history.
	url, _ = s.serve(t, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.dsn)
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
	one, other := newSite(t), newSite(t)
	code, _, stderr := command(t, []string{
		"DATABASE_URL=" + one.dsn, "LISTEN_DATABASE_URL=" + other.dsn, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, "serve")
	if code != exitUsage || !strings.Contains(stderr, "lead to different databases") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestPoolerThatSwallowsSettings has a pooler that takes whatever a client
// asks for and drops it: LISTEN and the locks of a session would seem to work.
// It is named before anything relies on it, with the setting to change.
func TestPoolerThatSwallowsSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pooled := pooler(t, s.dsn, `ignore_startup_parameters = jit,plan_cache_mode,enable_seqscan,enable_hashjoin,enable_mergejoin,`+
		`default_transaction_isolation,statement_timeout,idle_in_transaction_session_timeout`)
	if _, err := postgres.Connect(t.Context(), pooled, "test"); !errors.Is(err, postgres.ErrPooler) {
		t.Errorf("connect directly: %v", err)
	}
	for _, environ := range [][]string{
		{"DATABASE_URL=" + pooled},
		{"DATABASE_URL=" + s.dsn, "LISTEN_DATABASE_URL=" + pooled},
	} {
		code, _, stderr := command(t, append(environ, "JWT_SECRET="+secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), "serve")
		if code != exitUsage || !strings.Contains(stderr, "connection pooler") || !strings.Contains(stderr, "see LISTEN_DATABASE_URL") {
			t.Errorf("serve with %s: exit %d, %s", environ, code, stderr)
		}
	}
	url, _ := s.serve(t, "DATABASE_URL="+pooled, "LISTEN_DATABASE_URL="+s.dsn)
	c, _ := join(t, url, inventory.AcmeID, "")
	s.exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'P1', 'C')`)
	c.events(t, "order:created")
}

func TestPoolerWithoutDirectConnectionIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pooled := pooler(t, s.dsn)
	if _, err := postgres.Connect(t.Context(), pooled, "test"); !errors.Is(err, postgres.ErrPooler) {
		t.Errorf("connect directly: %v", err)
	}
	code, _, stderr := command(t, []string{"DATABASE_URL=" + pooled, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	if code != exitUsage || !strings.Contains(stderr, "see LISTEN_DATABASE_URL") {
		t.Errorf("serve: exit %d, %s", code, stderr)
	}
}
