package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"rowcast/internal/access/auth"
	"rowcast/internal/command"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/service"
	"rowcast/internal/test/pgtest"
)

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args, environ []string
		code          int
		says          string
	}{
		{args: []string{"sreve"}, code: program.ExitUsage, says: `unknown command "sreve", did you mean "serve"?`},
		{args: []string{"serve", "--databse-url", "x"}, code: program.ExitUsage, says: `unknown flag --databse-url of rowcast serve, did you mean "database-url"?`},
		{args: []string{"bench", "write", "--rows", "0"}, code: program.ExitUsage, says: `go build ./cmd/rowcast-bench`},
		{args: []string{"serve", "now"}, code: program.ExitUsage, says: `rowcast serve takes no argument, but got "now"`},
		{args: []string{"watch"}, code: program.ExitUsage, says: `rowcast watch wants the name of one table`},
		{args: []string{"watch", "a", "b"}, code: program.ExitUsage, says: `rowcast watch wants the name of one table`},
		{args: []string{"tail"}, code: program.ExitUsage, says: `needs a database: set DATABASE_URL`},
		{args: []string{"token"}, code: program.ExitUsage, says: `set JWT_SECRET`},
		{args: []string{"token"}, environ: []string{"JWKS_URL=https://issuer.example/keys"}, code: program.ExitUsage, says: `only public keys are configured`},
		{args: []string{"demo", "--rate", "-1"}, code: program.ExitUsage, says: `--rate is -1`},
		{args: []string{"demo"}, environ: []string{"ROWCAST_BULKROWS=5"}, code: program.ExitUsage, says: `did you mean ROWCAST_BULK_ROWS?`},
		{args: []string{"migrate"}, environ: []string{"DATABASE_URL=postgres://127.0.0.1:1/x?connect_timeout=1"}, code: program.ExitFailure, says: `connect`},
		{args: []string{"tail", "-o", "xml"}, environ: []string{"DATABASE_URL=postgres://x"}, code: program.ExitUsage, says: `-o is "xml"; it is pretty or json`},
		{args: []string{"tail", "--from", "5"}, environ: []string{"DATABASE_URL=postgres://x"}, code: program.ExitUsage, says: `--from needs exactly one --tenant`},
		{args: []string{"tail", "-z"}, code: program.ExitUsage, says: `unknown flag -z of rowcast tail; see: rowcast tail -h`},
		{args: []string{"tail", "--events", "dashboard:*"}, environ: []string{"DATABASE_URL=postgres://x"}, code: program.ExitUsage, says: `--events dashboard:*: dashboard:stats-updated`},
		{args: []string{"tail", "--events", "order:*,dashboard:stats-updated"}, environ: []string{"DATABASE_URL=postgres://x"}, code: program.ExitUsage, says: `leave it out`},
		{args: []string{"tail", "--events", "orders"}, environ: []string{"DATABASE_URL=postgres://x"}, code: program.ExitUsage, says: `orders`},
	} {
		code, stdout, stderr := rowcast(t, test.environ, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("rowcast %s: exit %d, stdout %q, stderr %q; want %d and %q",
				strings.Join(test.args, " "), code, stdout, stderr, test.code, test.says)
		}
	}
}

func TestEveryCommandShowsAnExample(t *testing.T) {
	t.Parallel()
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(command.New(&program.Program{}))
	code, stdout, stderr := rowcast(t, nil, "watch", "-h")
	if code != program.ExitOK || !strings.Contains(stdout, "rowcast watch invoices --name invoice") || stderr != "" {
		t.Errorf("watch -h: %d %q %q", code, stdout, stderr)
	}
}

func TestTokenIsGood(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := rowcast(t, []string{"JWT_SECRET=" + secret}, "token", "--tenant", "a", "--tenant", "b", "--subject", "me")
	if code != program.ExitOK {
		t.Fatal(stderr)
	}
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := verifier.Verify(t.Context(), strings.TrimSpace(stdout))
	if err != nil || id.Subject != "me" || !id.Allows("a") || !id.Allows("b") || id.Allows("c") {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestServeRefusesADatabaseWithoutRowcast(t *testing.T) {
	t.Parallel()
	code, _, stderr := rowcast(t, []string{"DATABASE_URL=" + pgtest.Database(t), "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	if code != program.ExitFailure || !strings.Contains(stderr, "install it with: rowcast migrate") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestServeRefusesToStartWithoutKeys(t *testing.T) {
	t.Parallel()
	code, _, stderr := rowcast(t, []string{"DATABASE_URL=" + pgtest.Database(t)}, "serve")
	if code != program.ExitUsage || !strings.Contains(stderr, "JWT_SECRET") || !strings.Contains(stderr, "JWKS_URL") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestServeRefusesWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=" + pgtest.Database(t), "JWT_SECRET=hunter2", "ADDR=:0", "ADMIN_ADDR=:0"}
	code, _, stderr := rowcast(t, environ, "serve")
	for _, says := range []string{"JWT_SECRET=", "ADMIN_ADDR=", "openssl rand", "--rowcast-insecure public-admin,weak-secret"} {
		if code != program.ExitUsage || !strings.Contains(stderr, says) || strings.Contains(stderr, "hunter2") {
			t.Errorf("exit %d, want %q: %s", code, says, stderr)
		}
	}
	// It goes on to the database, which has no Rowcast.
	code, _, stderr = rowcast(t, environ, "serve", "--rowcast-insecure", "public-admin,weak-secret")
	if code != program.ExitFailure || !strings.Contains(stderr, "rowcast migrate") {
		t.Errorf("told to: exit %d: %s", code, stderr)
	}
}

func TestServeNamesAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	taken, err := service.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, setting := range []string{"ADDR", "ADMIN_ADDR"} {
		environ := []string{"DATABASE_URL=" + s.dsn, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", setting + "=" + taken.Addr().String()}
		code, _, stderr := rowcast(t, environ, "serve")
		if code != program.ExitFailure || !strings.Contains(stderr, "see "+setting) || !strings.Contains(stderr, "address already in use") {
			t.Errorf("%s is taken: exit %d: %s", setting, code, stderr)
		}
	}
}

func TestMigrateWatchUnwatch(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	environ := []string{"DATABASE_URL=" + dsn}
	pgtest.Psql(t, dsn, "-c", `create table invoices (id int primary key, account int, pdf bytea)`,
		"-c", `create table orders (id int primary key, tenant_id int)`,
		"-c", `create table skus (id int)`, "-c", `create view old_invoices as select * from invoices`)

	code, stdout, stderr := rowcast(t, environ, "watch", "invoices")
	if code != program.ExitFailure || !strings.Contains(stderr, "rowcast migrate") {
		t.Errorf("watch before migrate: %d %q %q", code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "migrate")
	for _, says := range []string{"table stock_movements", "no such table", "table orders", "watched", "skus has no primary key"} {
		if code != program.ExitOK || !strings.Contains(stdout, says) {
			t.Errorf("migrate does not say %q: %d %q %q", says, code, stdout, stderr)
		}
	}
	for _, test := range []struct{ args, says string }{
		{"watch invoices", "has no column tenant_id"},
		{"watch old_invoices --tenant-column account", "is not a table"},
		{"watch nothing", `relation "nothing" does not exist`},
		{"watch invoices --tenant-column pdf", "A tenant is a uuid, text, varchar, smallint, integer or bigint"},
		{"watch invoices --tenant-column account --exclude png", "no column png"},
		{"watch invoices --tenant-column account --name order", "taken"},
		{"watch invoices --tenant-column account --name stock", "belongs to the inventory events"},
		{"watch invoices --tenant-column account --exclude id", "primary key cannot be excluded"},
		{"watch Invoices;", "needs double quotes of its own"},
		{"unwatch invoices", "invoices is not watched"},
	} {
		code, stdout, stderr := rowcast(t, environ, strings.Fields(test.args)...)
		if code != program.ExitFailure || !strings.Contains(stderr, test.says) || strings.Contains(stderr, "SQLSTATE") {
			t.Errorf("%s: %d %q %q; want %q", test.args, code, stdout, stderr, test.says)
		}
	}
	code, stdout, stderr = rowcast(t, environ, "watch", "invoices", "--tenant-column", "account", "--name", "invoice", "--exclude", "pdf")
	if code != program.ExitOK || !strings.Contains(stdout, "invoice:created") {
		t.Errorf("watch: %d %q %q", code, stdout, stderr)
	}
	pgtest.Psql(t, dsn, "-c", `insert into invoices values (1, 7, 'secret')`, "-c", "select rowcast.seal()")
	code, stdout, stderr = rowcast(t, environ, "tail", "--tenant", "7", "--from", "beginning", "--count", "1", "-o", "json")
	var m message
	if err := json.Unmarshal([]byte(stdout), &m); err != nil || code != program.ExitOK || m.Event != "invoice:created" || string(m.Data) != `{"id":1,"account":7}` {
		t.Errorf("tail: %d %q %q", code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "watch", "invoices")
	if code != program.ExitOK || !strings.Contains(stdout, "public.invoices: invoice:created") {
		t.Errorf("watch again, with nothing given: %d %q %q", code, stdout, stderr)
	}
	if kept := strings.TrimSpace(pgtest.Psql(t, dsn, "-At", "-c", `select tenant_column, exclude from rowcast.watched where active and name = 'invoice'`)); kept != "account|{pdf}" {
		t.Errorf("watch again keeps %q", kept)
	}
	pgtest.Psql(t, dsn, "-c", "create table old () inherits (invoices)")
	code, stdout, stderr = rowcast(t, environ, "watch", "invoices")
	if code != program.ExitOK || stderr != "note: statements that name a table which inherits from it are not captured unless that is watched, too: public.old\n" {
		t.Errorf("watch of a table that is inherited from: %d %q %q", code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "unwatch", "invoices")
	if code != program.ExitOK || stderr != "" {
		t.Errorf("unwatch: %d %q %q", code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "migrate", "--down")
	if code != program.ExitOK || !strings.Contains(stdout, "dropped") {
		t.Errorf("migrate --down: %d %q %q", code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "migrate", "--down")
	if code != program.ExitOK || !strings.Contains(stdout, "nothing to remove") {
		t.Errorf("migrate --down again: %d %q %q", code, stdout, stderr)
	}
	if left := strings.TrimSpace(pgtest.Psql(t, dsn, "-At", "-c", `select count(*) from pg_trigger where not tgisinternal`)); left != "0" {
		t.Errorf("%s triggers are left", left)
	}
}

func TestTailFromAPositionInHistory(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.dsn}
	s.exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'T1', E'\x1b[31mred')`)
	s.exec(t, `update orders set status = 'processing' where order_number = 'T1'`, `select rowcast.seal()`)
	tail := func(args ...string) []message {
		t.Helper()
		code, stdout, stderr := rowcast(t, environ, append([]string{"tail", "--tenant", inventory.AcmeID, "-o", "json"}, args...)...)
		if code != program.ExitOK {
			t.Fatalf("tail %v: %d %s", args, code, stderr)
		}
		var got []message
		for line := range strings.Lines(stdout) {
			var m message
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			got = append(got, m)
		}
		return got
	}
	all := tail("--from", "beginning", "--events", "order:*", "--count", "28")
	last := all[len(all)-3:]
	if names(last) != "order:created order:updated order:status-changed" {
		t.Fatalf("the history ends with %s", names(last))
	}
	// The cursor of order:updated points into the change: its second event is next.
	if got := tail("--from", last[1].Cursor, "--count", "1"); got[0].Event != "order:status-changed" {
		t.Errorf("after %s comes %s", last[1].Cursor, got[0].Event)
	}
	// Into a row of what is told as one bulk change: the change is next, not left out.
	s.exec(t, `update orders set status = 'cancelled'`,
		`insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'T2', 'after')`, `select rowcast.seal()`)
	rows := tail("--from", last[2].Cursor, "--count", "1")
	few := append(slices.Clone(environ), "ROWCAST_BULK_ROWS=1")
	code, stdout, stderr := rowcast(t, few, "tail", "--tenant", inventory.AcmeID, "-o", "json", "--from", rows[0].Cursor, "--count", "1")
	if code != program.ExitOK || !strings.Contains(stdout, `"event":"order:bulk"`) {
		t.Errorf("after %s, inside a bulk change: %d %s %s", rows[0].Cursor, code, stdout, stderr)
	}
	code, stdout, stderr = rowcast(t, environ, "tail", "--tenant", inventory.AcmeID, "--from", last[0].Cursor, "--count", "1")
	if code != program.ExitOK || !strings.Contains(stdout, "order:updated") || strings.ContainsRune(stdout, '\x1b') {
		t.Errorf("pretty: %q %q", stdout, stderr)
	}
	code, _, stderr = rowcast(t, environ, "tail", "--tenant", inventory.AcmeID, "--from", "nonsense")
	if code != program.ExitFailure || !strings.Contains(stderr, "now, beginning, a position or a cursor") {
		t.Errorf("nonsense: %d %q", code, stderr)
	}
	code, _, stderr = rowcast(t, environ, "tail", "--tenant", inventory.AcmeID, "--from", "999999")
	if code != program.ExitFailure || !strings.Contains(stderr, "999999 is after the newest change") {
		t.Errorf("after the head: %d %q", code, stderr)
	}
}

// TestCancellationIsNotReported joins an interrupt with what went wrong while
// it was obeyed.
func TestCancellationIsNotReported(t *testing.T) {
	t.Parallel()
	canceled := fmt.Errorf("read: %w", context.Canceled)
	wrong := errors.New("the directory is not empty")
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{canceled, ""},
		{wrong, wrong.Error()},
		{errors.Join(canceled, canceled), ""},
		{errors.Join(canceled, wrong), wrong.Error()},
		{errors.Join(errors.Join(wrong, canceled), canceled), wrong.Error()},
	} {
		var got string
		if err := program.WithoutCancellation(test.err); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q leaves %q; want %q", test.err, got, test.want)
		}
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	const controls = "\x1b\x07\u009b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	if got, want := printer.Visible("a"+controls+"é"), "a"+strings.Repeat("\ufffd", 12)+"é"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestServeRefusesADatabaseThatDoesNotExist(t *testing.T) {
	t.Parallel()
	url := pgtest.Server(t).SocketDSN("nowhere")
	code, _, stderr := rowcast(t, []string{"DATABASE_URL=" + url, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	if code != program.ExitUsage || !strings.Contains(stderr, `database "nowhere" does not exist`) {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
