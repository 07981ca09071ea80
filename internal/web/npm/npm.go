package npm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// commandTimeout bounds a command. It is generous: machines may be slow.
const commandTimeout = 10 * time.Minute

// Install installs the packages of the lock in dir, unless those that are there
// are newer.
func Install(t testing.TB, dir string) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(dir, ".installing"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatalf("install the packages of %s: %v", dir, err)
	}
	defer func() { _ = lock.Close() }() // and with it the lock on it
	if err := exclude(lock); err != nil {
		t.Fatalf("wait for another installation in %s: %v", dir, err)
	}
	wanted, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	// npm writes this file when it has installed everything.
	installed, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err == nil && !installed.ModTime().Before(wanted.ModTime()) {
		return
	}
	Run(t, dir, "ci", "--loglevel=error")
}

// Run runs npm in dir and returns its output. It fails the test if npm fails.
func Run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatalf("%v: this test needs Node 20.19 or newer; install it with npm (Debian, Ubuntu: apt install nodejs npm)", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "CI=1", "npm_config_engine_strict=true")
	// What npm has started may live on for a moment when it is killed.
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("npm %v: %v\n%s", args, err, out)
	}
	return string(out)
}
