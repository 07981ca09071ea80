package systemd_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/operate/systemd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manager is a socket, and what is told to it.
func manager(t *testing.T) (environ []string, next func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return []string{"A=b", "NOTIFY_SOCKET=" + path}, func() string {
		t.Helper()
		b := make([]byte, 4096)
		n, err := socket.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func TestReadyOnceNothingIsInTheWay(t *testing.T) {
	t.Parallel()
	environ, next := manager(t)
	var fine atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- systemd.New(environ).Run(ctx, func() string {
			if fine.Load() {
				return ""
			}
			return "no\ndatabase"
		})
	}()
	if got := next(); got != "WATCHDOG=1\nSTATUS=no database" {
		t.Errorf("first: %q", got)
	}
	if got := next(); got != "WATCHDOG=1" {
		t.Errorf("then: %q", got)
	}
	fine.Store(true)
	got := next()
	for got == "WATCHDOG=1" {
		got = next()
	}
	if got != "WATCHDOG=1\nREADY=1\nSTATUS=ready" {
		t.Errorf("at last: %q", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestNobodyToNotify(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := systemd.New(nil).Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := systemd.New([]string{"NOTIFY_SOCKET="}).Notify(t.Context(), "READY=1"); err != nil {
		t.Error(err)
	}
	err := systemd.New([]string{"NOTIFY_SOCKET=/nowhere/socket"}).Run(t.Context(), func() string { return "" })
	if err == nil || !strings.Contains(err.Error(), "service manager") {
		t.Errorf("a socket that is not there: %v", err)
	}
}
