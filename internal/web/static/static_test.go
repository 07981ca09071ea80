package static_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"rowcast/internal/web/static"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServe(t *testing.T) {
	t.Parallel()
	files, err := static.Read(fstest.MapFS{"a.js": {Data: []byte("export {}")}, "b/c.txt": {Data: []byte("text")}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, name string, kept static.Kept, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		files.Serve(w, r, name, kept)
		return w
	}
	for _, kept := range []static.Kept{static.Never, static.WhileSame, static.Always} {
		w := ask(http.MethodGet, "a.js", kept)
		etag := w.Header().Get("ETag")
		if w.Code != http.StatusOK || w.Body.String() != "export {}" || w.Header().Get("Cache-Control") != string(kept) ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Last-Modified") != "" || (etag != "") != (kept == static.WhileSame) {
			t.Errorf("%s: %d %v %s", kept, w.Code, w.Header(), w.Body)
		}
	}
	etag := ask(http.MethodHead, "a.js", static.WhileSame).Header().Get("ETag")
	for with, want := range map[string]int{etag: http.StatusNotModified, `"another"`: http.StatusOK} {
		if w := ask(http.MethodGet, "a.js", static.WhileSame, "If-None-Match", with); w.Code != want {
			t.Errorf("with ETag %s: %d", with, w.Code)
		}
	}
	if other := ask(http.MethodGet, "b/c.txt", static.WhileSame).Header().Get("ETag"); other == etag {
		t.Error("two files have one ETag")
	}
	for _, name := range []string{"", "b", "b/", "c.txt", "../a.js", "A.js"} {
		if w := ask(http.MethodGet, name, static.WhileSame); w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%q: %d %v", name, w.Code, w.Header())
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if w := ask(method, "a.js", static.WhileSame); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}

// broken is a tree that cannot be read.
type broken struct{ fstest.MapFS }

func (broken) ReadFile(string) ([]byte, error) { return nil, fs.ErrPermission }

func TestReadFailsAsTheTree(t *testing.T) {
	t.Parallel()
	if _, err := static.Read(broken{fstest.MapFS{"a": {}}}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
}
