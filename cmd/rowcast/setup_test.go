package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is one on which .ci/setup runs: the programs in its PATH, of which apt-get only
// notes how it is called.
func machine(t *testing.T, uid string, programs ...string) (run func(args ...string) (said string, err error), called func() string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatalf("%v: .ci/setup is a program for bash", err)
	}
	bin := t.TempDir()
	note := filepath.Join(bin, "note")
	stub := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!"+bash+"\n"+text+"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dirname", "ls", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	stub("id", "echo "+uid)
	stub("go", "")
	for _, name := range programs {
		switch name {
		case "apt-get":
			stub(name, `echo "$@" >>`+note)
		case "node":
			stub(name, "echo true")
		default:
			stub(name, "")
		}
	}
	run = func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), bash, append([]string{filepath.Join(root, ".ci", "setup")}, args...)...)
		cmd.Env = []string{"PATH=" + bin, "ROWCAST_PG_BINDIR=/somewhere"}
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	called = func() string {
		text, _ := os.ReadFile(note) // there is none before the first call
		return string(text)
	}
	return run, called
}

func TestSetup(t *testing.T) {
	t.Parallel()
	t.Run("asks for nothing that is there", func(t *testing.T) {
		t.Parallel()
		run, called := machine(t, "0", "apt-get", "echo")
		said, err := run("demo", "echo")
		if err != nil || strings.Contains(said, "missing") || called() != "" {
			t.Errorf("%v, called %q: %s", err, called(), said)
		}
	})
	t.Run("installs as root what is missing, and says so", func(t *testing.T) {
		t.Parallel()
		run, called := machine(t, "0", "apt-get", "psql", "pgbouncer", "nginx", "curl", "node", "npm", "chromium", "gcc")
		said, err := run("test")
		if err != nil || !strings.Contains(called(), " valgrind") || strings.Contains(called(), "chromium") ||
			!strings.Contains(said, "missing: counts instructions (valgrind)") {
			t.Errorf("%v, called %q: %s", err, called(), said)
		}
	})
	t.Run("prints the line for somebody who may", func(t *testing.T) {
		t.Parallel()
		run, called := machine(t, "1000", "apt-get")
		said, err := run("test")
		if err == nil || called() != "" || !strings.Contains(said, "somebody who may runs: apt-get install -y --no-install-recommends") {
			t.Errorf("%v, called %q: %s", err, called(), said)
		}
	})
	t.Run("explains itself", func(t *testing.T) {
		t.Parallel()
		run, _ := machine(t, "0")
		if said, err := run("everything"); err == nil || !strings.Contains(said, "demo|test [COMMAND...]") {
			t.Errorf("%v: %s", err, said)
		}
	})
}
