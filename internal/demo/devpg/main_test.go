package devpg_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"rowcast/internal/demo/devpg"
)

// launcherVariable makes the test binary a program that starts a server on the
// directory it names ("temporary" for none) and waits to be killed.
const launcherVariable = "ROWCAST_DEVPG_TEST_LAUNCHER"

// timeout bounds every wait for a fact.
const timeout = 60 * time.Second

func TestMain(m *testing.M) {
	if dir := os.Getenv(launcherVariable); dir != "" {
		if err := launcher(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

type launched struct {
	PID int
	Dir string
	DSN string
}

func launcher(dir string) error {
	o := devpg.Options{NoTCP: true, Dir: dir}
	if dir == "temporary" {
		o.Dir = ""
	}
	pg, err := devpg.Start(context.Background(), o)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(launched{pg.PID(), pg.Dir(), pg.DSN("postgres")}); err != nil {
		return err
	}
	<-pg.Done()
	return pg.Err()
}

// launch runs the launcher as a process and answers it and its server.
func launch(t *testing.T, dir string) (*exec.Cmd, launched) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), launcherVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var l launched
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &l)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		t.Fatalf("launcher: %v (%v)", err, cmd.Wait())
	}
	return cmd, l
}

// query returns the first column of the first row.
func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	var s string
	if err := try(t, dsn, sql, &s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func try(t *testing.T, dsn, sql string, into ...any) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if len(into) == 0 {
		_, err = conn.Exec(t.Context(), sql)
		return err
	}
	return conn.QueryRow(t.Context(), sql).Scan(into...)
}

// eventually waits for a fact.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); !is(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", timeout, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
