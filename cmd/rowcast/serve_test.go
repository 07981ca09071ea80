package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
)

// TestServeWithoutADatabase has serve make one, whose password is nobody's
// business, and ends it as a service manager does.
func TestServeWithoutADatabase(t *testing.T) {
	t.Parallel()
	p := spawn(t, []string{"JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, "serve")
	url := p.Says(t, &p.Err, `"msg":"serving","ws":"(ws://[^"]+)"`)[1]
	c, err := dialFeed(t.Context(), url, token(t, inventory.AcmeID))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	c.until(t, "welcome", func(m message) bool { return m.Type == "welcome" })
	p.Signal(t, syscall.SIGTERM)
	p.Ends(t, program.ExitOK)
	if said := p.Err.String(); strings.Count(said, "postgres://postgres:[redacted]@") != 2 {
		t.Errorf("the log does not name the database twice without its password:\n%s", said)
	}
}

func TestServeNamesTheVariablesOfItsDatabase(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	database, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	p := spawn(t, []string{
		"PGHOST=" + database.Host, "PGUSER=" + database.User, "PGDATABASE=" + database.Database,
		"JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, "serve")
	p.Says(t, &p.Err, `"msg":"serving".*"database":"PG\* variables"`)
	p.Signal(t, syscall.SIGINT)
	p.Ends(t, program.ExitOK)
}

func TestInterruptedTail(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	p := spawn(t, []string{"DATABASE_URL=" + s.DSN}, "tail", "--tenant", inventory.AcmeID, "--from", "beginning", "--events", "order:*")
	p.Says(t, &p.Out, "order:created")
	p.Signal(t, syscall.SIGINT)
	p.Ends(t, program.ExitInterrupted)
	if said := p.Err.String(); said != "" {
		t.Errorf("the end of an interrupted tail says %q", said)
	}
}
