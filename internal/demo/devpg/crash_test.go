package devpg_test

import (
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{Durable: true})
	dsn := pg.DSN("postgres")
	if err := try(t, dsn, "create table survivor as select 7 as n"); err != nil {
		t.Fatal(err)
	}
	if err := pg.Restart(t.Context()); err == nil {
		t.Error("a running server restarts")
	}
	first, pid := pg.Done(), pg.PID()
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	<-first
	if err := pg.Err(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("after Kill Err is %v, want signal: killed", err)
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pg.PID() == pid || pg.Err() != nil {
		t.Errorf("after Restart PID is %d (was %d) and Err %v", pg.PID(), pid, pg.Err())
	}
	if got := query(t, dsn, "select n::text from survivor"); got != "7" {
		t.Errorf("row is %s, want 7", got)
	}
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Err(); err != nil {
		t.Errorf("after Stop Err is %v", err)
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, dsn, "select n::text from survivor"); got != "7" {
		t.Errorf("row is %s, want 7", got)
	}
}

// Somebody else's stop is told from ours.
func TestEndFromOutside(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true})
	if err := syscall.Kill(pg.PID(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-pg.Done()
	if err := pg.Err(); err == nil || !strings.Contains(err.Error(), "stopped by somebody else") ||
		!strings.Contains(err.Error(), "received fast shutdown request") {
		t.Errorf("Err is %v, want who and the log", err)
	}
}
