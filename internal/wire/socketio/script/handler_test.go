package script_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/wire/socketio/script"
)

// TestHandler: the files, and nothing else.
func TestHandler(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path, known string
		status              int
		body                string
	}{
		{"GET", "/socket.io/socket.io.js", "", 200, "Socket.IO v" + script.Version},
		{"GET", "/socket.io/socket.io.min.js", "", 200, "Socket.IO v" + script.Version},
		{"GET", "/socket.io/socket.io.esm.min.js", `"1.0.0"`, 200, "Socket.IO v" + script.Version},
		{"HEAD", "/socket.io/socket.io.js", "", 200, ""},
		{"GET", "/socket.io/socket.io.js", `"` + script.Version + `"`, 304, ""},
		{"GET", "/socket.io/handler.go", "", 404, ""},
		{"GET", "/socket.io/LICENSE", "", 404, ""},
		{"GET", "/socket.io/", "", 404, ""},
		{"GET", "/", "", 404, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		r.Header.Set("If-None-Match", c.known)
		w := httptest.NewRecorder()
		script.Handler().ServeHTTP(w, r)
		kind := w.Header().Get("Content-Type")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) || c.status == http.StatusOK && kind != "application/javascript; charset=utf-8" {
			t.Errorf("%s %s: %d %q %.100s", c.method, c.path, w.Code, kind, w.Body)
		}
	}
}
