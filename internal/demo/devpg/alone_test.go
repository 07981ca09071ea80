package devpg_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

func TestCopyOfTheData(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{Settings: map[string]string{"application_name": "of the server"}})
	pgtest.Admin(t, pg, `create table kept (n int)`, `insert into kept values (1)`)
	if _, err := pg.Copy(t.Context()); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("a copy of a running server: %v", err)
	}
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	c, err := pg.Copy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	printed, err := c.Run(t.Context(), "postgres", []string{"insert into kept values (2)", "select nonsense", "insert into kept values (3)"})
	if err != nil || !strings.Contains(printed, `column "nonsense" does not exist`) {
		t.Errorf("the session printed %s, %v", printed, err)
	}
	// Under another program, which gets the command of postgres.
	printed, err = c.Run(t.Context(), "postgres", []string{"select 'sum ' || sum(n) as it from kept", "show application_name"}, "/bin/sh", "-c", `echo under; exec "$@"`, "sh")
	for _, want := range []string{"under", `it = "sum 6"`, `"of the server"`} {
		if err != nil || !strings.Contains(printed, want) {
			t.Errorf("the session printed %s, %v; want %s", printed, err, want)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(pg.Dir(), "copy-*")); err != nil || len(left) > 0 {
		t.Errorf("left is %v, %v", left, err)
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, pg.SocketDSN("postgres"), "select sum(n)::text from kept"); got != "1" {
		t.Errorf("the server has %s; want 1", got)
	}
	if err := pg.Close(); err != nil {
		t.Error(err)
	}
	if _, err := pg.Copy(t.Context()); err == nil {
		t.Error("a closed server gives a copy")
	}
	if _, err := os.Stat(pg.Dir()); err == nil {
		t.Error("the directory is left")
	}
}
