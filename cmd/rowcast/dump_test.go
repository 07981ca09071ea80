package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

// A dump that is restored into another database brings a log along that means
// nothing there. Servers refuse it and name the command that begins a new feed;
// after that clients of the old one have to reload.
func TestDumpRestoredElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	url, stop := serve(t, s)
	c, _ := join(t, url, inventory.AcmeID, "")
	s.Exec(t, `update orders set status = 'processing' where id = (select id from orders where tenant_id = '`+inventory.AcmeID+`' and status = 'pending' limit 1)`)
	cursor := c.until(t, "change", func(m message) bool { return m.Event == "order:updated" }).Cursor
	_ = c.conn.Close()
	stop()

	file := filepath.Join(t.TempDir(), "shop.sql")
	tool(t, "pg_dump", "--dbname", s.DSN, "--file", file)
	restored := pgtest.Open(t, pgtest.Database(t))
	tool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", restored.DSN, "--file", file)

	const repair = "rowcast migrate --new-feed"
	code, _, stderr := rowcast(t, []string{"JWT_SECRET=" + secret}, "serve", "--database-url", restored.DSN, "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	if code == 0 || !strings.Contains(stderr, repair) || !strings.Contains(stderr, "it was written in database") {
		t.Errorf("serve exits with %d and says %s; want the command %q", code, stderr, repair)
	}
	if code, stdout, stderr := rowcast(t, nil, "migrate", "--database-url", restored.DSN); code != 0 || !strings.Contains(stdout, repair) {
		t.Errorf("migrate exits with %d and says %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := rowcast(t, nil, "migrate", "--new-feed", "--database-url", restored.DSN); code != 0 || !strings.Contains(stdout, "begun anew") {
		t.Fatalf("migrate --new-feed exits with %d and says %s%s", code, stdout, stderr)
	}
	url, _ = serve(t, restored)
	c, _ = join(t, url, inventory.AcmeID, cursor)
	defer c.conn.Close()
	if m := c.until(t, "reset", func(m message) bool { return m.Type == "reset" }); m.Reason != "diverged" {
		t.Errorf("a cursor of the old feed is answered with %+v", m)
	}
	restored.Exec(t, `update orders set customer = 'restored' where id = (select id from orders where tenant_id = '`+inventory.AcmeID+`' limit 1)`)
	if m := c.until(t, "change", func(m message) bool { return m.Event == "order:updated" }); m.Position != 1 {
		t.Errorf("the first change of the new feed is at %d", m.Position)
	}
}

// A dump can leave the feed out: the triggers are then refused where it is restored,
// and everything else is there. Migrating begins a feed of its own.
func TestDumpWithoutTheFeed(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	file := filepath.Join(t.TempDir(), "shop.sql")
	tool(t, "pg_dump", "--exclude-schema=rowcast", "--dbname", s.DSN, "--file", file)
	restored := pgtest.Open(t, pgtest.Database(t))
	tool(t, "psql", "-X", "-q", "--dbname", restored.DSN, "--file", file) // goes on after errors
	var there, before int
	if err := errors.Join(restored.Conn.QueryRow(t.Context(), `select count(*) from orders`).Scan(&there),
		s.Conn.QueryRow(t.Context(), `select count(*) from orders`).Scan(&before)); err != nil || there != before || there == 0 {
		t.Errorf("%d of %d orders were restored, %v", there, before, err)
	}
	restored.Exec(t, `update orders set customer = 'no feed'`)
	if code, stdout, stderr := rowcast(t, nil, "migrate", "--database-url", restored.DSN); code != program.ExitOK {
		t.Fatalf("migrate: %d %q %q", code, stdout, stderr)
	}
	url, _ := serve(t, restored)
	c, _ := join(t, url, inventory.AcmeID, "")
	defer c.conn.Close()
	restored.Exec(t, `update orders set customer = 'feed'`)
	c.until(t, "change", func(m message) bool { return m.Event == "order:updated" })
}

// tool runs a program of PostgreSQL.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
}
