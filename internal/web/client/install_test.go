package client_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowcast/internal/web/client"
	"rowcast/internal/web/npm"
)

// TestInstalls installs the package as a server gives it into empty projects, and has
// them compiled and built. A package that npm has already is not asked for again.
func TestInstalls(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	h, err := client.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	for project, made := range map[string]struct{ file, text string }{
		"vite": {"dist/index.html", "/assets/index-"},
		"next": {".next/server/app/index.html", "idle"}, // rendered where there is no page
		"node": {"out/main.js", "createFeed"},
	} {
		t.Run(project, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", project))); err != nil {
				t.Fatal(err)
			}
			npm.Run(t, dir, "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", s.URL+client.Prefix+"rowcast.tgz")
			t.Log(npm.Run(t, dir, "run", "try"))
			if text, err := os.ReadFile(filepath.Join(dir, made.file)); err != nil || !strings.Contains(string(text), made.text) {
				t.Errorf("%s is not built, without %q: %v", made.file, made.text, err)
			}
		})
	}
}
