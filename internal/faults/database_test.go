package faults_test

import (
	"testing"
	"time"
)

// TestBackendsKilled ends the backend that listens, the one that seals and all
// backends, those of the writers too, again and again under load.
func TestBackendsKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	tr := begin(t, plan{site: s, seed: seed(t), replicas: []*replica{s.serve(t), s.serve(t)}})
	victims := [][]string{{"rowcast listen"}, {"rowcast tail"}, nil}
	ended, kills := 0, 0
	tick := time.NewTicker(lasts(time.Second, 3*time.Second))
	defer tick.Stop()
	for range times(2, 20) {
		for _, applications := range victims {
			<-tick.C
			n := s.terminate(t, applications...)
			if n == 0 {
				t.Errorf("no backend of %v", applications)
			}
			ended += n
			kills++
			tr.resumes(t)
		}
	}
	tr.end(t)
	t.Logf("%d kills ended %d backends", kills, ended)
}

// TestPostmasterKilled kills the postmaster with -9 under load and starts it
// again.
func TestPostmasterKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	tr := begin(t, plan{site: s, seed: seed(t), replicas: []*replica{s.serve(t), s.serve(t)}})
	for range times(2, 10) {
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
	s := newSite(t, nil)
	tr := begin(t, plan{site: s, seed: seed(t), writers: 8, pause: time.Microsecond, replicas: []*replica{s.serve(t), s.serve(t)}})
	for range times(1, 10) {
		tr.moves(t, 500)
		if err := s.pg.Stop(); err != nil {
			t.Fatal(err)
		}
		s.restart(t)
		t.Logf("every client receives again %s after the restart", tr.resumes(t).Round(time.Millisecond))
	}
	tr.end(t)
}
