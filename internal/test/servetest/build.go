package servetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/test/pgtest"
)

// programs are the builds of rowcast by their arguments. A package variable,
// because TestMain and the tests have nothing else in common.
var programs struct { //nolint:gochecknoglobals // see above
	mu   sync.Mutex
	dir  string
	made map[string]string
}

// Main is pgtest.Main for packages that start servers.
func Main(m *testing.M, opts ...goleak.Option) { pgtest.Main(suite{m}, opts...) }

type suite struct{ m *testing.M }

// Run is called by pgtest.
func (s suite) Run() int {
	code := s.m.Run()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if err := os.RemoveAll(programs.dir); err != nil {
		fmt.Fprintf(os.Stderr, "servetest: %v\n", err)
		return max(code, 1)
	}
	return code
}

// Program is the path of rowcast, built with these tags, "" for none.
func Program(t testing.TB, tags string) string {
	t.Helper()
	args := []string{"-tags", tags}
	if RaceDetector {
		args = append(args, "-race")
	}
	return build(t, args...)
}

// Release is the path of rowcast as users have it, without the race detector
// even if the tests have it. It is for measurements.
func Release(t testing.TB) string {
	t.Helper()
	return build(t)
}

func build(t testing.TB, args ...string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	key := strings.Join(args, " ")
	if path, ok := programs.made[key]; ok {
		return path
	}
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "rowcast-serve-") //nolint:usetesting // shared by all tests of the package
		if err != nil {
			t.Fatalf("servetest: %v", err)
		}
		programs.dir, programs.made = dir, make(map[string]string)
	}
	path := filepath.Join(programs.dir, fmt.Sprintf("rowcast-%d", len(programs.made)))
	args = slices.Concat([]string{"build", "-o", path}, args, []string{"rowcast/cmd/rowcast"})
	//nolint:gosec // of this module
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err = errors.Join(err, t.Context().Err()); err != nil {
		t.Fatalf("servetest: go %v: %v\n%s", args, err, out)
	}
	programs.made[key] = path
	return path
}
