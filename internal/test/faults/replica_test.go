package faults_test

import (
	"net/http"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// replica is a server, or only a way to one.
type replica struct {
	*servetest.Server
	way string
}

// at makes a replica of an address alone, for clients that go through a proxy.
func at(url string) *replica { return &replica{way: url} }

// serve starts a replica on the database of the site. Settings override those
// before them.
func (s *site) serve(t *testing.T, settings ...string) *replica {
	t.Helper()
	return &replica{Server: servetest.Start(t, s.dsn, settings...)}
}

// url is where clients connect to.
func (r *replica) url() string {
	if r.way != "" {
		return r.way
	}
	return "ws://" + r.Address() + "/ws"
}

// ready waits until /readyz has a status and says how long it took.
func (r *replica) ready(t *testing.T, status int, limit time.Duration) (body string, took time.Duration) {
	t.Helper()
	took = eventually(t, http.StatusText(status)+" from /readyz", limit, func() bool {
		var code int
		code, body = r.Get(t, "/readyz")
		return code == status
	})
	return body, took
}
