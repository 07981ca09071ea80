package web_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds npm. It is generous: machines may be slow.
const patience = 10 * time.Minute

// TestClient checks the types of the workspace and runs its tests.
func TestClient(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	install(t)
	npm(t, "run", "check")
	npm(t, "test")
}

// install installs the packages, unless those that are there are newer than
// the lock.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.Stat("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	// npm writes this file last.
	installed, err := os.Stat(filepath.Join("node_modules", ".package-lock.json"))
	if err == nil && !installed.ModTime().Before(lock.ModTime()) {
		return
	}
	npm(t, "ci", "--loglevel=error")
}

// npm runs npm in the workspace.
func npm(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatalf("%v: these tests need Node 20.19 or newer; install it with npm (Debian, Ubuntu: apt install nodejs npm)", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "CI=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm %v: %v\n%s", args, err, out)
	}
}
