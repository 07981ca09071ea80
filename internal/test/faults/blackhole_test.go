package faults_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// hole is a way to a server that can swallow everything without closing a
// connection.
type hole struct{ proxy *toxiproxy.Proxy }

// newHole returns the way through it to the server of a URL.
func newHole(t *testing.T, dsn string) (*hole, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "database", "127.0.0.1:0", u.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	u.Host = proxy.Listen
	return &hole{proxy}, u.String()
}

// open swallows everything from now on, what the server says first: it may
// commit what it could not confirm any more.
func (h *hole) open(t *testing.T) {
	t.Helper()
	for _, direction := range []string{"downstream", "upstream"} {
		h.poison(t, direction, "timeout", `{"timeout":0}`)
	}
}

// poison adds a toxic of toxiproxy to one direction.
func (h *hole) poison(t *testing.T, direction, kind, attributes string) {
	t.Helper()
	_, err := h.proxy.Toxics.AddToxicJson(strings.NewReader(
		`{"name":"` + direction + `","type":"` + kind + `","stream":"` + direction + `","attributes":` + attributes + `}`))
	if err != nil {
		t.Fatal(err)
	}
}

// close lets new connections through; the old ones are closed.
func (h *hole) close(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, direction := range []string{"upstream", "downstream"} {
		if err := h.proxy.Toxics.RemoveToxic(ctx, direction); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDatabaseBlackHoled has one of two servers lose its database without a
// FIN. It notices within 10 s, its clients are told once, and when the
// database is back they get what they missed and are told where they are. The
// other server and its clients are not concerned.
func TestDatabaseBlackHoled(t *testing.T) {
	t.Parallel()
	const bar = 10 * time.Second
	more := slack(t)
	s := newDatabase(t, nil)
	h, dsn := newHole(t, s.dsn)
	through, direct := s.serve(t, "DATABASE_URL="+dsn), s.serve(t)
	through.ready(t, http.StatusOK, timeout)
	tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{through, direct}, detour: dsn, hoppers: 4, stayers: 4})
	clients := tr.stayersOf(through)
	outages := 0
	for round := range rounds(1, 5) {
		outages++
		tr.moves(t, 100)
		began := time.Now()
		h.open(t)
		body, red := through.ready(t, http.StatusServiceUnavailable, timeout)
		if red > bar+more() {
			t.Errorf("/readyz is red after %s; want %s", red, bar)
		}
		if !strings.Contains(body, `"code":"tail-`) {
			t.Errorf("/readyz gives the reason %s", body)
		}
		eventually(t, "client that is told", timeout, func() bool {
			return !slices.ContainsFunc(clients, func(c *client) bool { return len(c.staleAt()) <= round })
		})
		stale := time.Since(began)
		if stale > bar+more() {
			t.Errorf("clients are told after %s; want %s", stale, bar)
		}
		if code, _ := direct.Get(t, "/readyz"); code != http.StatusOK {
			t.Errorf("the server beside is not ready: %d", code)
		}
		h.close(t.Context(), t)
		_, ready := through.ready(t, http.StatusOK, timeout)
		t.Logf("/readyz red after %s, clients told after %s; ready %s after the database is back, and every client receives again %s later",
			red.Round(time.Millisecond), stale.Round(time.Millisecond), ready.Round(time.Millisecond), tr.resumes(t).Round(time.Millisecond))
	}
	tr.end(t)
	for _, c := range tr.stayersOf(direct) {
		if len(c.stale) > 0 {
			t.Errorf("%s, of the server beside, was told stale", c.name)
		}
	}
	for _, c := range clients {
		if len(c.stale) != outages || c.visits != 1 {
			t.Errorf("%s was told stale %d times on %d connections; want once an outage, on one", c.name, len(c.stale), c.visits)
		}
		for _, at := range c.stale {
			back := slices.IndexFunc(c.progress, func(p time.Time) bool { return p.After(at) })
			if back < 0 || len(c.progress)-back < len(c.tenants) {
				t.Errorf("%s was not told where it is after the outage", c.name)
			}
		}
	}
}
