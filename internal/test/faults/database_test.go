package faults_test

import (
	"testing"
	"time"
)

// TestBackendsKilled ends the backend that listens, the one that seals and all
// backends, those of the writers too, again and again under load.
func TestBackendsKilled(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{s.serve(t), s.serve(t)}})
	victims := [][]string{{"rowcast listen"}, {"rowcast tail"}, nil}
	interval := time.Second
	if long() {
		interval = 3 * time.Second
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	ended, kills := 0, 0
	for kills = range rounds(6, 60) {
		<-tick.C
		applications := victims[kills%len(victims)]
		n := 0
		eventually(t, "backend to end", timeout, func() bool {
			n = s.terminate(t, applications...)
			return n > 0
		})
		ended += n
		tr.resumes(t)
	}
	tr.end(t)
	t.Logf("%d kills ended %d backends", kills+1, ended)
}

// TestPostmasterKilled kills the postmaster with -9 under load and starts it
// again.
func TestPostmasterKilled(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{s.serve(t), s.serve(t)}})
	for range rounds(2, 20) {
		tr.moves(t, 100)
		s.crash(t)
		s.restart(t)
		t.Logf("every client receives again %s after the restart", tr.resumes(t).Round(time.Millisecond))
	}
	tr.end(t)
}

// TestDatabaseRestartedInABurst restarts PostgreSQL in an orderly way while
// writers write as fast as they can.
func TestDatabaseRestartedInABurst(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	tr := begin(t, plan{database: s, seed: seed(t), writers: 8, pause: time.Microsecond, servers: []*server{s.serve(t), s.serve(t)}})
	for range rounds(1, 20) {
		tr.moves(t, 500)
		if err := s.pg.Stop(); err != nil {
			t.Fatal(err)
		}
		s.restart(t)
		t.Logf("every client receives again %s after the restart", tr.resumes(t).Round(time.Millisecond))
	}
	tr.end(t)
}
