package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/inventory"
	"rowcast/internal/pgtest"
)

// process is a running rowcast demo, the real program.
type process struct {
	cmd                *exec.Cmd
	output             string
	url, dsn, token    string
	dataDirectory, sql string
	exited             chan error
}

// build compiles the program.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "rowcast")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func startDemo(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, append([]string{"demo"}, args...)...), exited: make(chan error, 1)}
	p.cmd.Stderr = t.Output()
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	var text strings.Builder
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			break
		}
	}
	p.output = text.String()
	go func() {
		_, _ = io.Copy(io.Discard, stdout)
		p.exited <- p.cmd.Wait()
	}()
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(p.output)
		if found == nil {
			t.Fatalf("the demo does not print %s:\n%s", pattern, p.output)
		}
		return found[1]
	}
	p.url, p.dsn, p.token = find(`(ws://\S+)`), find(`(postgres://\S+)\n`), find(`token +(\S+)`)
	p.sql = find(`(?s)-c "(insert into stock_movements.*?)"`)
	p.dataDirectory = strings.TrimSpace(pgtest.Psql(t, p.dsn, "-At", "-c", "show data_directory"))
	return p
}

// end waits until the process has ended.
func (p *process) end(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("the demo runs on after %s", patience)
	}
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

func (p *process) gone(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(p.dataDirectory); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", p.dataDirectory, err)
	}
}

// TestDemo does what the README tells a newcomer to do, with the real program,
// twice at once.
func TestDemo(t *testing.T) {
	t.Parallel()
	binary := build(t)
	one := startDemo(t, binary, "--rate", "0")
	two := startDemo(t, binary, "--rate", "20")
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

	// The shop of the other writes by itself.
	d, err := dialFeed(t.Context(), two.url, two.token)
	if err != nil {
		t.Fatal(err)
	}
	defer d.conn.Close()
	d.send(t, map[string]any{"type": "join-tenant", "tenantId": inventory.AcmeID})
	d.until(t, "an event of the shop", func(m message) bool { return m.Type == "event" && m.Source != nil && m.Source.Writer == "shop" })

	one.interrupt(t)
	one.end(t)
	one.gone(t)
	two.interrupt(t)
	two.interrupt(t)
	two.end(t)
	two.gone(t)
}

func TestDemoKeepsItsData(t *testing.T) {
	t.Parallel()
	binary := build(t)
	keep := filepath.Join(pgtest.Dir(t), "kept")
	first := startDemo(t, binary, "--rate", "0", "--keep", keep)
	pgtest.Psql(t, first.dsn, "-c", "create table remembered ()")
	first.interrupt(t)
	first.end(t)
	second := startDemo(t, binary, "--rate", "0", "--keep", keep)
	pgtest.Psql(t, second.dsn, "-c", "select from remembered")
	second.interrupt(t)
	second.end(t)
}
