package client_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/web/client"
	"rowcast/internal/web/npm"
)

// serve asks for a file of the client.
func serve(t *testing.T, name string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := client.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, client.Prefix+name, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// imported finds what a module of JavaScript, or of types, takes from others beside it.
var imported = regexp.MustCompile(`(?:from|import\() ?"(\.[^"]+)"`)

func TestHandler(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"rowcast.js": "text/javascript; charset=utf-8", "react.js": "text/javascript; charset=utf-8", "socket.js": "text/javascript; charset=utf-8",
		"rowcast.d.ts": "application/typescript; charset=utf-8", "rowcast.tgz": "application/gzip",
	} {
		w := serve(t, name)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w := serve(t, name, "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", name, w.Code)
		}
	}
	part := imported.FindStringSubmatch(serve(t, "rowcast.js").Body.String())
	if part == nil {
		t.Fatal("rowcast.js has no parts")
	}
	if w := serve(t, path.Clean(part[1])); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %v", part[1], w.Code, w.Header())
	}
	for _, name := range []string{"", "parts/", "parts/feed-0.js", "package.json", "README.md", "handler.go", "src/index.ts"} {
		if w := serve(t, name); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

// TestModulesAreWhole follows the imports of what pages, compilers and Node begin with.
func TestModulesAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var visit func(name, from string)
	visit = func(name, from string) {
		if seen[name] {
			return
		}
		seen[name] = true
		w := serve(t, name)
		if w.Code != http.StatusOK {
			t.Errorf("%s, which %s imports: %d", name, from, w.Code)
		}
		for _, m := range imported.FindAllStringSubmatch(w.Body.String(), -1) {
			next := path.Join(path.Dir(name), m[1])
			if stem, ok := strings.CutSuffix(next, ".js"); ok && strings.HasSuffix(name, ".d.ts") {
				next = stem + ".d.ts"
			}
			visit(next, name)
		}
	}
	for _, name := range []string{"rowcast", "react", "socket", "db"} {
		visit(name+".js", "the package")
		visit(name+".d.ts", "the package")
	}
	if len(seen) < 15 {
		t.Errorf("only %d modules were found", len(seen))
	}
}

func TestPackage(t *testing.T) {
	t.Parallel()
	packed := serve(t, "rowcast.tgz").Body.Bytes()
	if !bytes.Equal(packed, serve(t, "rowcast.tgz").Body.Bytes()) {
		t.Error("the same files are other bytes")
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(header.Name, "package/")
		content, err := io.ReadAll(archive)
		if !ok || err != nil || len(content) == 0 {
			t.Errorf("%s: %d bytes, %v", header.Name, len(content), err)
		}
		have = append(have, name)
	}
	if testing.Short() {
		return // npm takes a while
	}
	var said []struct{ Files []struct{ Path string } }
	if err := json.Unmarshal([]byte(npm.Run(t, ".", "pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=silent")), &said); err != nil || len(said) != 1 {
		t.Fatalf("npm pack says %v: %v", said, err)
	}
	var want []string
	for _, f := range said[0].Files {
		want = append(want, f.Path)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the package is not what npm pack makes (-npm +ours):\n%s", diff)
	}
}
