package faults_test

import (
	"net/http"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// server is a server, or only a way to one.
type server struct {
	*servetest.Server
	way string
}

// at makes a server of an address alone, for clients that go through a proxy.
func at(url string) *server { return &server{way: url} }

// serve starts a server on the database. Settings override those
// before them.
func (s *database) serve(t *testing.T, settings ...string) *server {
	t.Helper()
	return &server{Server: servetest.Start(t, s.dsn, settings...)}
}

// url is where clients connect to.
func (r *server) url() string {
	if r.way != "" {
		return r.way
	}
	return "ws://" + r.Address() + "/ws"
}

// ready waits until /readyz has a status and says how long it took.
func (r *server) ready(t *testing.T, status int, limit time.Duration) (body string, took time.Duration) {
	t.Helper()
	took = eventually(t, http.StatusText(status)+" from /readyz", limit, func() bool {
		var code int
		code, body = r.Get(t, "/readyz")
		return code == status
	})
	return body, took
}
