package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/service"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// demonstration is a running rowcast demo, and what it prints.
type demonstration struct {
	*servetest.Process
	page, url, dsn, token, sql, dataDirectory string
}

func startDemo(t *testing.T, args ...string) *demonstration {
	t.Helper()
	d := &demonstration{Process: spawn(t, nil, append([]string{"demo"}, args...)...)}
	d.Says(t, &d.Out, `\nCtrl-C`)
	find := func(pattern string) string {
		t.Helper()
		return d.Says(t, &d.Out, pattern)[1]
	}
	d.page = find(`open (http://\S+)`)
	d.url, d.dsn, d.token = find(`(ws://\S+)`), find(`(postgres://\S+)\n`), find(`token +(\S+)`)
	d.sql = find(`(?s)-c "(insert into stock_movements.*?)"`)
	d.dataDirectory = strings.TrimSpace(pgtest.Psql(t, d.dsn, "-At", "-c", "show data_directory"))
	return d
}

func (d *demonstration) gone(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(d.dataDirectory); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", d.dataDirectory, err)
	}
}

// TestDemo does what the README tells a newcomer to do, with the real program,
// twice at once.
func TestDemo(t *testing.T) {
	t.Parallel()
	one := startDemo(t, "--rate", "0")
	two := startDemo(t, "--rate", "20")
	if one.url == two.url || one.dsn == two.dsn {
		t.Errorf("two demos share %s or %s", one.url, one.dsn)
	}

	c, err := dialFeed(t.Context(), one.url, one.token)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	c.send(t, map[string]any{"type": "join-tenant", "tenantId": inventory.AcmeID})
	c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
	pgtest.Psql(t, one.dsn, "-c", one.sql)
	m := c.until(t, "the event of psql", func(m message) bool { return m.Event == "stock:adjusted" })
	if m.Source.Writer != "psql" {
		t.Errorf("the writer is %q", m.Source.Writer)
	}

	// A page of another website that has its name lead here is not answered.
	for _, path := range []string{"/", "/api/tenants", "/events"} {
		for host, refused := range map[string]bool{"evil.example": true, "localhost": false} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, one.page+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = host
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if (response.StatusCode == http.StatusForbidden) != refused {
				t.Errorf("%s under the name %s is answered %s", path, host, response.Status)
			}
		}
	}

	// The shop of the other writes by itself.
	d, err := dialFeed(t.Context(), two.url, two.token)
	if err != nil {
		t.Fatal(err)
	}
	defer d.conn.Close()
	d.send(t, map[string]any{"type": "join-tenant", "tenantId": inventory.AcmeID})
	d.until(t, "an event of the shop", func(m message) bool { return m.Type == "event" && m.Source != nil && m.Source.Writer == "shop" })

	one.Signal(t, syscall.SIGINT)
	one.Ends(t, program.ExitOK)
	one.gone(t)
	two.Signal(t, syscall.SIGINT)
	two.Signal(t, syscall.SIGINT)
	two.Ends(t, program.ExitOK)
	two.gone(t)
}

func TestDemoKeepsItsData(t *testing.T) {
	t.Parallel()
	keep := filepath.Join(pgtest.Dir(t), "kept")
	first := startDemo(t, "--rate", "0", "--keep", keep)
	pgtest.Psql(t, first.dsn, "-c", "create table remembered ()")
	first.Signal(t, syscall.SIGTERM)
	first.Ends(t, program.ExitOK)
	second := startDemo(t, "--rate", "0", "--keep", keep)
	pgtest.Psql(t, second.dsn, "-c", "select from remembered")
	second.Signal(t, syscall.SIGINT)
	second.Ends(t, program.ExitOK)
}

// TestInterruptedStart ends a demo while its PostgreSQL is made.
func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	p := spawn(t, nil, "demo")
	p.Says(t, &p.Err, "starting PostgreSQL")
	p.Signal(t, syscall.SIGINT)
	p.Ends(t, program.ExitOK)
}

// full is an output on which nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestFailedDemoLeavesNothing has the demo fail when everything is open.
func TestFailedDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	taken, err := service.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := taken.Addr().String()
	_ = taken.Close()
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"demo", "--addr", addr, "--admin-addr", "127.0.0.1:0", "-v"}, nil, full{}, &stderr)
	if code != program.ExitFailure || !strings.Contains(stderr.String(), "rowcast: no space left") {
		t.Errorf("exit %d: %s", code, &stderr)
	}
	if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
		_ = c.Close()
		t.Errorf("somebody still listens on %s", addr)
	}
}
