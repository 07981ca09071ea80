package faults_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServersKilled kills one of two servers with -9, twenty times, while
// clients hop between them.
func TestServersKilled(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	servers := []*server{s.serve(t), s.serve(t)}
	tr := begin(t, plan{database: s, seed: seed(t), servers: servers})
	var longest time.Duration
	kills := 0
	for n := range rounds(20, 100) {
		kills++
		tr.moves(t, 10)
		victim := servers[n%len(servers)]
		victim.Kill()
		victim.Restart(t)
		longest = max(longest, tr.resumes(t))
	}
	tr.end(t)
	t.Logf("killed %d times; every client received again at most %s after a new process listened", kills, longest.Round(time.Millisecond))
}

// TestDrain stops one of two servers with SIGTERM under load. /readyz is red
// while its clients are still served, then each is sent away with a hint when
// to come back; the process ends in time, and nobody misses anything.
func TestDrain(t *testing.T) {
	t.Parallel()
	const bar = 30 * time.Second
	more := slack(t)
	s := newDatabase(t, nil)
	leaving, staying := s.serve(t), s.serve(t)
	stayers := 60
	if long() {
		stayers = 400
	}
	tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{leaving, staying}, hoppers: 6, stayers: stayers})
	leaving.ready(t, http.StatusOK, timeout)
	tr.moves(t, 50)
	began := time.Now()
	leaving.Signal(t, syscall.SIGTERM)
	body, red := leaving.ready(t, http.StatusServiceUnavailable, timeout)
	redAt := time.Now()
	if !strings.Contains(body, `"code":"shutdown"`) {
		t.Errorf("/readyz gives the reason %s", body)
	}
	leaving.Process().Ends(t, 0)
	took := time.Since(began)
	if took > bar+more() {
		t.Errorf("the server ended %s after SIGTERM; want %s", took, bar)
	}
	clients := tr.stayersOf(leaving)
	hints := make(map[time.Duration]bool)
	first, last := time.Duration(1<<62), time.Duration(0)
	for _, c := range clients {
		farewells := c.farewells()
		if len(farewells) != 1 || farewells[0].code != 4001 || farewells[0].hint() <= 0 {
			t.Errorf("%s ended with %+v; want one close 4001 with a hint", c.name, farewells)
			continue
		}
		if at := farewells[0].at; at.Before(redAt) {
			t.Errorf("%s was sent away %s before /readyz was seen red", c.name, redAt.Sub(at))
		}
		hint := farewells[0].hint()
		hints[hint] = true
		first, last = min(first, hint), max(last, hint)
	}
	// Spread over a second or more, thirty do not come within a third of one.
	if len(hints) < len(clients)/2 || last-first < 300*time.Millisecond {
		t.Errorf("%d clients have %d hints, from %s to %s", len(clients), len(hints), first, last)
	}
	leaving.Restart(t)
	back := tr.resumes(t)
	tr.end(t)
	t.Logf("/readyz red after %s, exit after %s; hints of %d clients from %s to %s; all receive again %s after a new process listens",
		red.Round(time.Millisecond), took.Round(time.Millisecond), len(clients), first, last, back.Round(time.Millisecond))
}
