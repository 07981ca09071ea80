package servetest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) { servetest.Main(m) }

func TestServerIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Database(t))
	ready := func() bool {
		status, _ := s.Get(t, "/readyz")
		return status == http.StatusOK
	}
	servetest.Eventually(t, "server that is ready", ready)
	if status := s.Status(t); status.Head != status.Sequence || len(status.Hub.Closes) > 0 {
		t.Errorf("the status of a new server is %+v", status)
	}
	s.Kill()
	if status, _ := s.Get(t, "/readyz"); status != 0 {
		t.Errorf("a dead server answers %d", status)
	}
	s.Restart(t)
	servetest.Eventually(t, "server that is ready again", ready)
	s.Signal(t, syscall.SIGTERM)
	s.Process().Ends(t, 0)
}

// speaker listens and says its name to everybody, then waits for the end.
func speaker(t *testing.T, name string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintln(conn, name)
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 1))
			}()
		}
	}()
	return listener.Addr().String()
}

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := servetest.NewProxy(t, speaker(t, "one"))
	enter := func() (*bufio.Reader, string) {
		conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", proxy.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		r := bufio.NewReader(conn)
		line, _ := r.ReadString('\n')
		return r, strings.TrimSpace(line)
	}
	first, name := enter()
	if name != "one" {
		t.Errorf("the proxy leads to %q", name)
	}
	proxy.Lead(speaker(t, "two"))
	if _, name := enter(); name != "two" {
		t.Errorf("the proxy leads to %q", name)
	}
	if n := proxy.Cut(); n != 2 {
		t.Errorf("%d connections were cut", n)
	}
	if _, err := first.ReadByte(); err == nil {
		t.Error("a connection goes on that was cut")
	}
	proxy.Lead("127.0.0.1:1")
	if _, name := enter(); name != "" {
		t.Errorf("a proxy to nowhere says %q", name)
	}
}
