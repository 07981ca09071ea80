package faults_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// crowd makes clients that follow a tenant each, over a trunk.
func crowd(t *testing.T, n uint64, count int, r *replica, k *trunk) []*client {
	t.Helper()
	clients := make([]*client, count)
	for i := range clients {
		rng := rand.New(rand.NewPCG(n, uint64(2000+i)))
		clients[i] = newClient(t, fmt.Sprintf("client %d of the crowd", i), []*replica{r}, rng, 0, tenants[i%len(tenants)])
		clients[i].dial = k.dial
	}
	return clients
}

// back waits until each client has joined on a connection of its own again.
func back(t *testing.T, clients []*client, visits int) {
	t.Helper()
	eventually(t, "client that is live again", patience, func() bool {
		return !slices.ContainsFunc(clients, func(c *client) bool { return c.answered() < visits })
	})
}

// TestCrowdCutAtOnce resets the connections of 3,000 clients at once, while the
// history in the database cannot be read. All are live again within 30 s, from
// the rings alone.
func TestCrowdCutAtOnce(t *testing.T) {
	t.Parallel()
	const bar = 30 * time.Second
	count := 3000
	if raceDetector && !long() {
		count = 600
	}
	s := newSite(t, nil)
	h, way := newHole(t, s.dsn)
	r := s.serve(t, "DATABASE_URL="+way, "LISTEN_DATABASE_URL="+s.dsn)
	n, network := seed(t), new(trunk)
	clients := crowd(t, n, count, r, network)
	tr := begin(t, plan{site: s, seed: n, replicas: []*replica{r}, writers: 1, pause: 200 * time.Millisecond, hoppers: 1, others: clients})
	tr.moves(t, 5)
	h.open(t)
	for round := range rounds(2, 10) {
		began := time.Now()
		if cut := network.cut(); cut != count {
			t.Errorf("%d connections of %d clients", cut, count)
		}
		back(t, clients, round+2)
		took := time.Since(began)
		t.Logf("%d clients are live %s after they were cut, and all receive again %s later",
			count, took.Round(time.Millisecond), tr.resumes(t).Round(time.Millisecond))
		if took > bar {
			t.Errorf("the last client is live again after %s; want %s", took, bar)
		}
	}
	h.close(t.Context(), t)
	tr.end(t)
	if hub := r.status(t).Hub; hub.CatchUps > 0 || hub.Resets > 0 {
		t.Errorf("%d pages of history were read, %d clients told to reload", hub.CatchUps, hub.Resets)
	}
}
