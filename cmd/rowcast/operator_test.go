package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/command"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/errcode"
	"rowcast/internal/test/pgtest"
)

func TestDoctorEndsAsItsReport(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret, "ADMIN_ADDR=127.0.0.1:1"}
	// Test servers are not durable.
	for format, says := range map[string]string{
		"text": "fsync is off", "json": `"code": "durability-off"`, "nagios": "ROWCAST CRITICAL - durability-off", "prometheus": `rowcast_doctor_status{code="durability-off"} 2`,
	} {
		code, stdout, stderr := rowcast(t, environ, "doctor", "--format", format)
		if code != 2 || !strings.Contains(stdout, says) || stderr != "" {
			t.Errorf("%s: exit %d, %s%s", format, code, stdout, stderr)
		}
	}
	code, _, stderr := rowcast(t, environ, "doctor", "--format", "xml")
	if code != program.ExitUsage || !strings.Contains(stderr, "text, json, nagios, prometheus") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, stdout, _ := rowcast(t, []string{"DATABASE_URL=" + pgtest.Database(t), "JWT_SECRET=" + secret}, "doctor")
	if code != 2 || !strings.Contains(stdout, "code  ") || !strings.Contains(stdout, "not-migrated") {
		t.Errorf("exit %d, %s", code, stdout)
	}
}

func TestHistoryGoesOnFromItsCursor(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) select '`+inventory.AcmeID+`', 'H' || n, 'C' from generate_series(1, 1500) n`,
		`update orders set status = 'processing' where order_number = 'H7'`, `select rowcast.seal()`)
	next := regexp.MustCompile(`continues after (\S+)`)
	var all []message
	cursor := "beginning"
	for page := 0; ; page++ {
		code, stdout, stderr := rowcast(t, environ, "history", "--tenant", inventory.AcmeID, "--after", cursor, "--limit", "700", "--events", "order:*", "-o", "json")
		if code != program.ExitOK {
			t.Fatal(stderr)
		}
		for line := range strings.Lines(stdout) {
			var m message
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
		if stdout == "" || page > 5 {
			break
		}
		cursor = next.FindStringSubmatch(stderr)[1]
	}
	if last := all[len(all)-1]; last.Event != "order:status-changed" || all[len(all)-2].Event != "order:updated" {
		t.Errorf("the history ends with %+v", last)
	}
	created := 0
	for i, m := range all {
		if i > 0 && m.Position < all[i-1].Position {
			t.Fatalf("%d follows %d", m.Position, all[i-1].Position)
		}
		if m.Event == "order:created" {
			created++
		}
	}
	if created < 1500 {
		t.Errorf("%d orders were created", created)
	}
	for _, args := range [][]string{{"history"}, {"history", "--tenant", "a", "--limit", "-1"}, {"history", "--tenant", "a", "-o", "xml"}, {"history", "--tenant", "a", "--events", "orders"}} {
		if code, stdout, stderr := rowcast(t, environ, args...); code != program.ExitUsage || stdout != "" {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
	code, _, stderr := rowcast(t, environ, "history", "--tenant", inventory.AcmeID, "--after", "99999999")
	if code != program.ExitFailure || !strings.Contains(stderr, "code: invalid") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestReplaySendsAgain(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	url, _ := serve(t, s)
	c, joined := join(t, url, inventory.AcmeID, "", "order:*")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'R1', 'C'), ('`+inventory.AcmeID+`', 'R2', 'C')`,
		`delete from orders where order_number = 'R2'`)
	c.events(t, "order:deleted")
	args := []string{"replay", "--tenant", inventory.AcmeID, "--first", fmt.Sprint(joined.Position + 1), "--last", fmt.Sprint(joined.Position + 3), "-o", "json"}
	code, stdout, stderr := rowcast(t, environ, append(args, "--dry-run")...)
	if code != program.ExitOK || !strings.Contains(stdout, `"rows":2,`) || !strings.Contains(stdout, `"leftOut":1,"dryRun":true`) {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = rowcast(t, environ, args...); code != program.ExitOK || !strings.Contains(stdout, `"rows":2,`) {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'R3', 'C')`)
	if got := names(c.events(t, "order:created")); got != "order:replayed order:replayed order:created" {
		t.Errorf("the client got %s", got)
	}
	for _, args := range [][]string{{"replay"}, {"replay", "--tenant", "T", "--first", "5", "--last", "4"}} {
		if code, _, stderr := rowcast(t, environ, args...); code != program.ExitUsage || !strings.Contains(stderr, "--first 1200") {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
	code, _, stderr = rowcast(t, environ, "replay", "--tenant", "nobody", "--first", "1", "--last", "2")
	if code != program.ExitFailure || !strings.Contains(stderr, "the feed does not know tenant") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestPruneSaysWhatItDid(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	add := func(number string) {
		s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', '`+number+`', 'C')`, `select rowcast.seal()`)
	}
	s.Exec(t, `select rowcast.seal()`)
	add("P1")
	s.Exec(t, `update rowcast.seal set sealed_at = now() - interval '3 hours'`)
	add("P2")
	add("P3")
	prune := func(args ...string) (report struct {
		Old, Bytes int64
		Rows       int64 `json:"places"`
		DryRun     bool
		Oldest     *string
	},
	) {
		t.Helper()
		code, stdout, stderr := rowcast(t, environ, append([]string{"prune", "-o", "json"}, args...)...)
		if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != program.ExitOK {
			t.Fatalf("exit %d, %s%s", code, stdout, stderr)
		}
		return report
	}
	if r := prune(); r.Old != 0 || r.Rows != 0 {
		t.Errorf("within the retention: %+v", r)
	}
	planned := prune("--dry-run", "--rowcast-retention", "1h")
	did := prune("--rowcast-retention", "1h")
	if planned.Old == 0 || !planned.DryRun || planned.Rows != 0 || did.Rows < planned.Old || did.Oldest == nil || did.Bytes == 0 {
		t.Errorf("planned %+v, did %+v", planned, did)
	}
	var left int
	if err := s.Conn.QueryRow(t.Context(), `select count(*) from rowcast.sealed`).Scan(&left); err != nil || left != 2 {
		t.Errorf("%d changes are left, %v", left, err)
	}
	code, stdout, _ := rowcast(t, environ, "prune", "--rowcast-retention", "1h")
	if code != program.ExitOK || !strings.HasPrefix(stdout, "forgot 0 log rows older than 1h0m0s; no segment was closed, 0 emptied; the oldest change is from 2") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	// While another session prunes, nothing is forgotten, and it is said.
	s.Exec(t, `update rowcast.seal set sealed_at = now() - interval '3 hours'`, `begin`, `select pg_advisory_xact_lock(rowcast.lock_number('prune'))`)
	code, _, stderr := rowcast(t, environ, "prune", "--rowcast-retention", "1h")
	if code != program.ExitFailure || !strings.Contains(stderr, "another session is pruning") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	s.Exec(t, `rollback`)
}

func TestStatusFollowsTheFeed(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	s.Exec(t, `alter table skus disable trigger rowcast_update`)
	code, stdout, stderr := rowcast(t, environ, "status")
	for _, says := range []string{"servers", "table orders", "rowcast_update on skus", "notify queue"} {
		if code != program.ExitOK || !strings.Contains(stdout, says) {
			t.Errorf("exit %d, no %q in %s%s", code, says, stdout, stderr)
		}
	}
	p := spawn(t, environ, "status", "--watch", "--interval", "50ms", "-o", "json")
	p.Says(t, &p.Out, `"placesPerSecond":0,`)
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'W1', 'C')`)
	p.Says(t, &p.Out, `"unsealed":[1-9]`)
	s.Exec(t, `select rowcast.seal()`)
	p.Says(t, &p.Out, `"placesPerSecond":[1-9]`)
	p.Signal(t, syscall.SIGINT)
	p.Ends(t, program.ExitInterrupted)
	if code, _, stderr := rowcast(t, environ, "status", "--watch", "--interval", "1ms"); code != program.ExitUsage || !strings.Contains(stderr, "at least 50ms") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestConfigSaysWhereFrom(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=postgres://app:hunter2@db/shop", "JWT_SECRET=canary", "PORT=8081", "ROWCAST_NOTIFY=never"}
	code, stdout, stderr := rowcast(t, environ, "config", "print", "--origin", "--rowcast-retention", "24h")
	for name, wants := range map[string]string{
		"DATABASE_URL": `postgres://app:\[redacted\]@db/shop +environment`, "LISTEN_DATABASE_URL": `postgres://app:\[redacted\]@db/shop +DATABASE_URL`,
		"JWT_SECRET": `\[redacted\] +environment`, "ADDR": `:8081 +PORT`, "ROWCAST_RETENTION": `24h +flag`, "ROWCAST_NOTIFY": `never +environment`,
		"ROWCAST_BULK_ROWS": `1000 +default`, "JWKS_URL": ` *default`,
	} {
		if !regexp.MustCompile(`(?m)^` + name + ` +` + wants + `$`).MatchString(stdout) {
			t.Errorf("%s is not %q in\n%s%s", name, wants, stdout, stderr)
		}
	}
	if code != program.ExitOK || strings.Contains(stdout, "hunter2") || strings.Contains(stdout, "canary") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	if code, stdout, _ := rowcast(t, []string{"PGHOST=/tmp"}, "config", "print", "-o", "json"); code != program.ExitOK || !strings.Contains(stdout, `"origin":"PG* variables"`) {
		t.Errorf("exit %d, %s", code, stdout)
	}
	if code, stdout, _ := rowcast(t, environ, "config", "check"); code != program.ExitOK || stdout == "" {
		t.Errorf("exit %d, %s", code, stdout)
	}
	bad := append(environ, "ROWCAST_BULK_ROWS=many", "ROWCAST_PING_INTREVAL=1s")
	for _, args := range [][]string{{"config", "check"}, {"config", "print"}} {
		code, _, stderr := rowcast(t, bad, args...)
		if code != program.ExitUsage || !strings.Contains(stderr, "2 bad settings") || !strings.Contains(stderr, "code: bad-setting") {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}

func TestManual(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "man1")
	if code, _, stderr := rowcast(t, nil, "man", "--dir", dir); code != program.ExitOK {
		t.Fatal(stderr)
	}
	for _, c := range command.New(&program.Program{}).Commands() {
		if c.Hidden {
			continue
		}
		page, err := os.ReadFile(filepath.Join(dir, "rowcast-"+c.Name()+".1"))
		if err != nil || !bytes.Contains(page, []byte(".SH EXAMPLE")) {
			t.Errorf("the page of %s: %v, %d bytes", c.Name(), err, len(page))
		}
	}
	if code, stdout, _ := rowcast(t, nil, "man"); code != program.ExitOK || !strings.HasPrefix(stdout, ".nh") || !strings.Contains(stdout, "rowcast") {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := rowcast(t, nil, "completion", "bash")
	if code != program.ExitOK || !strings.Contains(stdout, "__start_rowcast") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	if bash, err := exec.LookPath("bash"); err == nil {
		check := exec.CommandContext(t.Context(), bash, "-n")
		check.Stdin = strings.NewReader(stdout)
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	}
	code, stdout, _ = rowcast(t, nil, "__complete", "do")
	if code != program.ExitOK || !strings.Contains(stdout, "doctor\t") {
		t.Errorf("exit %d, %s", code, stdout)
	}
}

func TestErrorsAreExplained(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	nowhere := pgtest.Server(t).SocketDSN("nowhere")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	bindir, err := devpg.FindBinaries()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		code    errcode.Code
		environ []string
		args    []string
	}{
		{"usage", nil, []string{"sreve"}},
		{"usage", nil, []string{"serve", "--nonsense"}},
		{"bad-setting", []string{"ROWCAST_BULK_ROWS=x"}, []string{"serve"}},
		{"bad-setting", []string{"DATABASE_URL=postgres://u:p@127.0.0.1:99999/d"}, []string{"serve"}},
		{"bad-setting", []string{"PGHOST=127.0.0.1", "PGPORT=99999"}, []string{"status"}},
		{"bad-setting", []string{"DATABASE_URL=postgres://127.0.0.1/d?sslmode=maybe"}, []string{"status"}},
		{"address-unusable", []string{"DATABASE_URL=" + s.DSN, "ADDR=203.0.113.9:0", "JWT_SECRET=" + secret}, []string{"serve"}},
		{"address-unusable", []string{"DATABASE_URL=" + s.DSN, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1.invalid:0", "ROWCAST_INSECURE=public-admin", "JWT_SECRET=" + secret}, []string{"serve"}},
		{"not-migrated", []string{"DATABASE_URL=" + pgtest.Database(t)}, []string{"status"}},
		{"database-refused", []string{"DATABASE_URL=" + nowhere}, []string{"watch", "docs"}},
		{"database-unreachable", []string{"DATABASE_URL=postgres://127.0.0.1:1/x"}, []string{"migrate"}},
		{"table-unusable", []string{"DATABASE_URL=" + s.DSN}, []string{"watch", "nothing"}},
		{"table-unusable", []string{"DATABASE_URL=" + s.DSN}, []string{"watch", "pg_class"}},
		{"nothing-there", []string{"DATABASE_URL=" + s.DSN}, []string{"unwatch", "rowcast.feed"}},
		{"nothing-there", []string{"DATABASE_URL=" + s.DSN}, []string{"revoke", "--undo", "999"}},
		{"usage", []string{"DATABASE_URL=" + s.DSN}, []string{"revoke"}},
		{"usage", []string{"DATABASE_URL=" + s.DSN}, []string{"replay", "--tenant", "nobody", "--first", "1", "--last", "2"}},
		{"database-refused", []string{"DATABASE_URL=" + nowhere, "JWT_SECRET=" + secret}, []string{"serve"}},
		{"database-refused", []string{"DATABASE_URL=" + nowhere}, []string{"tail"}},
		{"bad-setting", []string{"DATABASE_URL=" + s.DSN, "JWT_PUBLIC_KEY_FILE=" + file}, []string{"serve"}},
		{"bad-setting", []string{"DATABASE_URL=" + s.DSN, "JWT_PUBLIC_KEY_FILE=/nonexistent/key"}, []string{"token", "check", "x"}},
		{"file-unusable", nil, []string{"man", "--dir", file}},
		{"private-postgres", []string{"ROWCAST_PG_BINDIR=/nonexistent"}, []string{"demo"}},
		{"private-postgres", []string{"ROWCAST_PG_BINDIR=" + bindir}, []string{"demo", "--keep", filepath.Dir(file)}},
		{"diverged", []string{"DATABASE_URL=" + s.DSN}, []string{"history", "--tenant", "T", "--after", "other.5.abc"}},
	} {
		code, _, stderr := rowcast(t, test.environ, test.args...)
		if code == program.ExitOK || !strings.Contains("\n"+stderr, "\nrowcast: ") || !strings.Contains(stderr, "\n  why:  ") ||
			!strings.Contains(stderr, "\n  do:   ") || !strings.HasSuffix(stderr, "\n  code: "+string(test.code)+"\n") {
			t.Errorf("%v: exit %d, %s; want the code %s", test.args, code, stderr, test.code)
		}
	}
	// An interrupt needs no explanation.
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"status"}, []string{"DATABASE_URL=" + s.DSN}, &out, &out); code != program.ExitInterrupted || out.Len() > 0 {
		t.Errorf("exit %d, %s", code, out.String())
	}
}
