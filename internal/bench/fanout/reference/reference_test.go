package reference_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/reference"
	"rowcast/internal/bench/load"
)

const timeout = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func closeAfter(t *testing.T, c *child.Child) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// installed is the reference in the cache of the user.
func installed(t *testing.T) reference.Installed {
	t.Helper()
	if testing.Short() {
		t.Skip("needs node and npm")
	}
	at, err := reference.Install(t.Context(), "", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// start runs the reference.
func start(t *testing.T) *fanout.Side {
	t.Helper()
	s, err := fanout.ReferenceSide(t.Context(), installed(t), nil, fanout.Settings{Wire: load.SocketIO})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	return s
}

// TestEveryClientOfTheReference counts at each client what was published to
// its tenant, paced and at once.
func TestEveryClientOfTheReference(t *testing.T) {
	t.Parallel()
	s := start(t)
	crowd, others := new(load.Load), new(load.Load)
	for l, tenant := range map[*load.Load]string{crowd: "rowcast-bench-0", others: "another"} {
		if err := l.Join(load.Join{Address: s.Address, Wire: load.SocketIO, Tenant: tenant, Token: "any", Clients: 5}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Leave)
	}
	if late, err := s.Publish(t.Context(), fanout.Changes{Count: 21, Rate: 200}); err != nil || late < 0 {
		t.Fatalf("%s, %v", late, err)
	}
	if _, err := s.Publish(t.Context(), fanout.Changes{Count: 700}); err != nil {
		t.Fatal(err)
	}
	events, bytes, err := crowd.Await(t.Context(), 721, timeout)
	if err != nil || events != 721*5 {
		t.Fatalf("%d, %v", events, err)
	}
	if size := bytes / events; size < 300 || size > 600 {
		t.Errorf("frames of %d bytes", size)
	}
	if events, _, err := others.Await(t.Context(), 0, timeout); err != nil || events != 0 {
		t.Errorf("another tenant got %d, %v", events, err)
	}
}

func TestUsageOfTheReference(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.Process
	before, err := c.Usage(t.Context())
	if err != nil || before.RSS < 20<<20 || before.Heap <= 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	// What the kernel says of the process, in pages and ticks of 10 ms.
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.PID()))
	var total, resident int64
	if err == nil {
		_, err = fmt.Sscan(string(text), &total, &resident)
	}
	if rss := resident * int64(os.Getpagesize()); err != nil || before.RSS < rss/2 || before.RSS > rss*2 {
		t.Errorf("RSS %d; the kernel says %d, %v", before.RSS, rss, err)
	}
	if _, err := s.Publish(t.Context(), fanout.Changes{Count: 20_000}); err != nil {
		t.Fatal(err)
	}
	after, err := c.Usage(t.Context())
	if err != nil || after.CPU <= before.CPU || after.CPU-before.CPU > timeout {
		t.Errorf("%s of CPU after %s, %v", after.CPU, before.CPU, err)
	}
	if err := c.Call(t.Context(), "Process.Collect", child.Nothing{}, &child.Nothing{}); err != nil {
		t.Error(err)
	}
}

func TestErrorsOfTheReference(t *testing.T) {
	t.Parallel()
	c := start(t).Process
	err := c.Call(t.Context(), "Reference.Nothing", child.Nothing{}, &child.Nothing{})
	if err == nil || !strings.Contains(err.Error(), "reference process: there is no method Reference.Nothing") {
		t.Errorf("unknown method: %v", err)
	}
	nowhere := &reference.Database{Connection: reference.Connection{Host: "127.0.0.1", Port: 1}, Channel: "rows"}
	_, _, err = reference.Start(t.Context(), installed(t), nowhere)
	if err == nil || !strings.Contains(err.Error(), "ECONNREFUSED") {
		t.Errorf("no database: %v", err)
	}
}

func TestInstallOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs node and npm")
	}
	cache := t.TempDir()
	var said []string
	say := func(line string) { said = append(said, line) }
	first, err := reference.Install(t.Context(), cache, say)
	if err != nil {
		t.Fatal(err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "npm ci into "+cache) || !strings.HasPrefix(first.Script, cache) {
		t.Errorf("%q, %+v", said, first)
	}
	second, err := reference.Install(t.Context(), cache, say)
	if err != nil || second != first || len(said) != 1 {
		t.Errorf("again: %q, %+v, %v", said, second, err)
	}
	entries, err := os.ReadDir(filepath.Dir(filepath.Dir(first.Script)))
	if err != nil || len(entries) != 1 {
		t.Errorf("the cache has %v, %v", entries, err)
	}
	c, _, err := reference.Start(t.Context(), first, nil)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, c)
}

// programs makes PATH a directory that has these programs alone.
func programs(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestMissingProgramsAreNamed(t *testing.T) {
	cache := t.TempDir()
	programs(t, nil)
	_, err := reference.Install(t.Context(), cache, func(string) {})
	if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "needs node 18 or newer") {
		t.Errorf("without node: %v", err)
	}
	programs(t, map[string]string{"node": "exit 0"})
	_, err = reference.Install(t.Context(), cache, func(string) {})
	if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "needs npm the first time") {
		t.Errorf("without npm: %v", err)
	}
}

func TestBrokenInstallLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	programs(t, map[string]string{"node": "exit 0", "npm": "echo no network >&2; exit 1"})
	_, err := reference.Install(t.Context(), cache, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(filepath.Join(cache, "rowcast", "bench-reference"))
	if err != nil || len(entries) != 0 {
		t.Errorf("the cache has %v, %v", entries, err)
	}
}
