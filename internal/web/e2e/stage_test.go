package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"rowcast/internal/test/servetest"
	"rowcast/internal/web/npm"
)

// stage is what a program of js works with.
type stage struct {
	chromium string
	demo     *demo
	// proxy leads browsers to the demo; examples serves the example pages, each
	// from its folder; control obeys the program.
	proxy             *servetest.Proxy
	examples, control *httptest.Server
}

// newStage starts a demo with more arguments.
func newStage(t *testing.T, args ...string) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("browsers take a while")
	}
	s := &stage{chromium: findChromium(t)}
	npm.Install(t, "..")
	npm.Install(t, "../examples/socketio")
	s.examples = serve(t, http.FileServer(http.Dir("../examples")))
	s.demo = newDemo(t, s.examples.URL, args...)
	s.proxy = servetest.NewProxy(t, s.demo.address)
	s.control = serve(t, s.orders())
	return s
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// orders are what a program may have done to the demo. Each is answered when it
// is done.
func (s *stage) orders() http.Handler {
	var mu sync.Mutex
	mux := http.NewServeMux()
	order := func(name string, do func() error) {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if err := do(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"dsn": s.demo.dsn})
		})
	}
	order("kill", func() error {
		s.proxy.Lead("") // nowhere
		s.demo.kill()
		return nil
	})
	order("start", s.demo.start)
	order("open", func() error {
		s.proxy.Lead(s.demo.address)
		return nil
	})
	return mux
}
