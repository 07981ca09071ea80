package npm_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/web/npm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is a workspace without packages, whose installation is noted in a
// file by the script that npm runs with it.
func folder(t *testing.T) (dir string, installed func() int) {
	t.Helper()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	dir = t.TempDir()
	for name, text := range map[string]string{
		"package.json": `{"name": "empty", "version": "1.0.0", "private": true, "scripts": {
			"install": "echo once >> installed", "hello": "echo hello", "fail": "echo reason && exit 3"},
			"devDependencies": {"local": "file:local"}}`,
		"local/package.json": `{"name": "local", "version": "1.0.0"}`,
		"package-lock.json": `{"name": "empty", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
			"": {"name": "empty", "version": "1.0.0", "hasInstallScript": true, "devDependencies": {"local": "file:local"}},
			"local": {"version": "1.0.0", "dev": true},
			"node_modules/local": {"resolved": "local", "link": true}}}`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func() int {
		text, err := os.ReadFile(filepath.Join(dir, "installed"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(text), "once")
	}
}

func TestInstallOnce(t *testing.T) {
	t.Parallel()
	dir, installed := folder(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { npm.Install(t, dir) })
	}
	all.Wait()
	npm.Install(t, dir)
	if n := installed(); n != 1 {
		t.Errorf("installed %d times", n)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "package-lock.json"), later, later); err != nil {
		t.Fatal(err)
	}
	npm.Install(t, dir)
	if n := installed(); n != 2 {
		t.Errorf("installed %d times after the lock has changed", n)
	}
}

// failing is a test that is expected to fail.
type failing struct {
	testing.TB
	said string
}

type stop struct{}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(stop{})
}

func TestFailureIsReported(t *testing.T) {
	t.Parallel()
	dir, _ := folder(t)
	if out := npm.Run(t, dir, "run", "hello"); !strings.Contains(out, "hello") {
		t.Errorf("output %q", out)
	}
	f := &failing{TB: t}
	func() {
		defer func() {
			if r := recover(); r != (stop{}) {
				t.Errorf("recovered %v", r)
			}
		}()
		npm.Run(f, dir, "run", "fail")
	}()
	if !strings.Contains(f.said, "exit status 3") || !strings.Contains(f.said, "reason") {
		t.Errorf("said %q", f.said)
	}
}
