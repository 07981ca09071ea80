package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// poolerLimit bounds the start of a pooler.
const poolerLimit = 30 * time.Second

// Pooler runs a PgBouncer in transaction mode before the server of dsn and
// returns the way through it. More settings may be given. The test is skipped
// where there is no PgBouncer.
func Pooler(t testing.TB, dsn string, more ...string) string {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("pgbouncer is not installed; .ci/setup test brings it")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := Dir(t)
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
	for deadline := time.Now().Add(poolerLimit); ; time.Sleep(10 * time.Millisecond) {
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
