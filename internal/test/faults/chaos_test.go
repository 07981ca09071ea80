package faults_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestChaos has everything happen that the other tests have happen, in an
// order that the seed decides.
func TestChaos(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	h, dsn := newHole(t, s.dsn)
	servers := []*server{s.serve(t), s.serve(t, "DATABASE_URL="+dsn)}
	n := seed(t)
	rng := rand.New(rand.NewPCG(n, 1<<32))
	tr := begin(t, plan{database: s, seed: n, servers: servers, detour: dsn})
	anyone := func() *server { return servers[rng.IntN(len(servers))] }
	faults := map[string]func(){
		"a backend listens no more": func() { s.terminate(t, "rowcast listen") },
		"a backend seals no more":   func() { s.terminate(t, "rowcast tail") },
		"the history is cut off":    func() { s.terminate(t, "rowcast history") },
		"every backend ends":        func() { s.terminate(t) },
		"the postmaster is killed": func() {
			s.crash(t)
			s.restart(t)
		},
		"the database restarts": func() {
			if err := s.pg.Stop(); err != nil {
				t.Fatal(err)
			}
			s.restart(t)
		},
		"the database falls silent for one": func() {
			h.open(t)
			tr.moves(t, 1+rng.IntN(300))
			h.close(t.Context(), t)
		},
		"a server is killed": func() {
			r := anyone()
			r.Kill()
			r.Restart(t)
		},
		"all servers are killed": func() {
			for _, r := range servers {
				r.Kill()
			}
			tr.moves(t, rng.IntN(100))
			for _, r := range servers {
				r.Restart(t)
			}
		},
		"a server is stopped": func() {
			r := anyone()
			<-r.Signal(t, syscall.SIGTERM)
			r.Restart(t)
		},
	}
	names := slices.Sorted(maps.Keys(faults))
	for range rounds(8, 200) {
		name := names[rng.IntN(len(names))]
		faults[name]()
		// The next one may come while this one is being recovered from.
		if rng.IntN(3) > 0 {
			t.Logf("%s; every client receives again %s later", name, tr.resumes(t).Round(time.Millisecond))
		} else {
			t.Log(name)
		}
	}
	tr.end(t)
}
