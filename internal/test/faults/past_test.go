package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/proc"
	"rowcast/internal/test/servetest"
)

// copied keeps a copy of the data directory.
type copied struct{}

func (copied) keep(t *testing.T, s *database) {
	t.Helper()
	s.copyData(t, "copy")
}

func (copied) restore(t *testing.T, s *database) {
	t.Helper()
	if err := s.pg.Stop(); err != nil {
		t.Fatal(err)
	}
	s.swapData(t, "copy")
	s.restart(t)
}

// copyData stops the server, copies its data to a directory of this name
// beside it, and starts it again.
func (s *database) copyData(t *testing.T, name string) {
	t.Helper()
	if err := s.pg.Stop(); err != nil {
		t.Fatal(err)
	}
	from, to := filepath.Join(s.pg.Dir(), "data"), filepath.Join(s.pg.Dir(), name)
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy the data: %v\n%s", err, out)
	}
	s.restart(t)
}

// swapData gives the stopped server the data of that directory.
func (s *database) swapData(t *testing.T, name string) {
	t.Helper()
	data := filepath.Join(s.pg.Dir(), "data")
	if err := errors.Join(os.RemoveAll(data), os.Rename(filepath.Join(s.pg.Dir(), name), data)); err != nil {
		t.Fatal(err)
	}
}

// standby keeps a physical standby that stops to receive.
type standby struct {
	server *proc.Child
	// at is where it is reached before it takes over.
	at *database
}

// keep makes a standby, which follows the server by streaming replication, and
// cuts it off once it has everything.
func (b *standby) keep(t *testing.T, s *database) {
	t.Helper()
	s.copyData(t, "standby")
	primary, err := pgx.ParseConfig(s.pg.SocketDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	// A socket of its own, beside that of the primary.
	socket := int(primary.Port)%60000 + 1
	b.at = &database{dsn: fmt.Sprintf("postgres:///postgres?host=%s&port=%d&user=postgres&sslmode=disable", url.QueryEscape(primary.Host), socket)}
	b.start(t, filepath.Join(s.pg.Dir(), "standby"), fmt.Sprintf("primary_conninfo = 'user=postgres host=%s port=%d'\n", primary.Host, primary.Port), socket)

	s.exec(t, "create table streamed ()")
	b.until(t, "table that came by streaming", "to_regclass('streamed') is not null")
	s.as(t, "admin", func(ctx context.Context, conn *pgx.Conn) {
		var flushed string
		if err := conn.QueryRow(ctx, "select pg_current_wal_flush_lsn()::text").Scan(&flushed); err != nil {
			t.Fatal(err)
		}
		b.until(t, "standby that has everything", "pg_last_wal_replay_lsn() >= '"+flushed+"'::pg_lsn")
	})
	b.at.exec(t, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
	b.until(t, "standby that is cut off", "not exists (select from pg_stat_wal_receiver)")
}

// restore kills the primary, promotes the standby and moves it to the address
// of the primary.
func (b *standby) restore(t *testing.T, s *database) {
	t.Helper()
	s.crash(t)
	b.at.exec(t, "select pg_promote()")
	b.until(t, "standby that is promoted", "not pg_is_in_recovery()")
	if err := b.server.Stop(timeout); err != nil {
		t.Fatal(err)
	}
	s.swapData(t, "standby")
	s.restart(t)
}

// start starts the standby.
func (b *standby) start(t *testing.T, data, setting string, socket int) {
	t.Helper()
	account, err := proc.Unprivileged(os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	programs, err := devpg.FindBinaries()
	if err != nil {
		t.Fatal(err)
	}
	signal := filepath.Join(data, "standby.signal")
	if err := errors.Join(os.WriteFile(signal, nil, 0o600), account.Own(signal)); err != nil {
		t.Fatal(err)
	}
	settings, err := os.OpenFile(filepath.Join(data, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = settings.WriteString(setting)
	if err := errors.Join(err, settings.Close()); err != nil {
		t.Fatal(err)
	}
	output := new(servetest.Transcript)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(programs, "postgres"), //nolint:gosec // of this machine
		"-D", data, "-c", "listen_addresses=", "-c", fmt.Sprintf("port=%d", socket))
	cmd.Dir = filepath.Dir(data)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second
	b.server, err = proc.Start(cmd, account, syscall.SIGQUIT, func(err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.server.Stop(timeout); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the standby wrote:\n%s", output)
		}
	})
}

// until waits until a condition holds in the standby.
func (b *standby) until(t *testing.T, what, condition string) {
	t.Helper()
	eventually(t, what, timeout, func() (holds bool) {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		conn, err := pgx.Connect(ctx, b.at.dsn)
		if err != nil {
			return false // it starts
		}
		defer func() { _ = conn.Close(ctx) }()
		if err := conn.QueryRow(ctx, "select "+condition).Scan(&holds); err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
		return holds
	})
}
