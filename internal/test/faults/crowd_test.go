package faults_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// crowd makes clients that follow a tenant each, over a trunk.
func crowd(t *testing.T, n uint64, count int, r *server, k *trunk) []*client {
	t.Helper()
	clients := make([]*client, count)
	for i := range clients {
		rng := rand.New(rand.NewPCG(n, uint64(2000+i)))
		clients[i] = newClient(t, fmt.Sprintf("client %d of the crowd", i), []*server{r}, rng, 0, tenants[i%len(tenants)])
		clients[i].dial = k.dial
	}
	return clients
}

// back waits until each client has joined on a connection of its own again.
func back(t *testing.T, clients []*client, visits int) {
	t.Helper()
	eventually(t, "client that is live again", timeout, func() bool {
		return !slices.ContainsFunc(clients, func(c *client) bool { return c.answered() < visits })
	})
}

// crowdSize is how many there are.
func crowdSize() int {
	if servetest.RaceDetector && !long() {
		return 600
	}
	return 3000
}

// comeBackWithin is the bar for the last one of them.
const comeBackWithin = 30 * time.Second

// TestCrowdCutAtOnce resets the connections of 3,000 clients at once, while the
// history in the database cannot be read. All are live again within 30 s, from
// the rings alone.
func TestCrowdCutAtOnce(t *testing.T) {
	t.Parallel()
	count := crowdSize()
	s := newDatabase(t, nil)
	h, way := newHole(t, s.dsn)
	r := s.serve(t, "DATABASE_URL="+way, "LISTEN_DATABASE_URL="+s.dsn)
	n, network := seed(t), newTrunk()
	clients := crowd(t, n, count, r, network)
	tr := begin(t, plan{database: s, seed: n, servers: []*server{r}, writers: 1, pause: 200 * time.Millisecond, hoppers: 1, others: clients})
	tr.moves(t, 5)
	h.open(t)
	for round := range rounds(2, 10) {
		began := time.Now()
		if cut := network.cut(); cut < count { // there may be dead ones
			t.Errorf("%d connections of %d clients", cut, count)
		}
		back(t, clients, round+2)
		took := time.Since(began)
		t.Logf("%d clients are live %s after they were cut, and all receive again %s later",
			count, took.Round(time.Millisecond), tr.resumes(t).Round(time.Millisecond))
		if took > comeBackWithin {
			t.Errorf("the last client is live again after %s; want %s", took, comeBackWithin)
		}
	}
	status := r.Status(t)
	if status.Problem == "" {
		t.Error("the history could be read")
	}
	h.close(t.Context(), t)
	tr.end(t)
	if hub := status.Hub; hub.CatchUps > 0 || hub.HistoryReads > 0 || hub.Resets > 0 {
		t.Errorf("%d clients were served from the history, which was read %d times; %d were told to reload", hub.CatchUps, hub.HistoryReads, hub.Resets)
	}
}

// TestCrowdOfAKilledServer kills the server of 3,000 clients. The one that
// comes back has empty rings; it reads what they missed a few times for all of
// them, not once for each.
func TestCrowdOfAKilledServer(t *testing.T) {
	t.Parallel()
	const few = 20 // cursors at which clients of a tenant are cut off
	count := crowdSize()
	s := newDatabase(t, nil)
	r := s.serve(t)
	n, network := seed(t), newTrunk()
	clients := crowd(t, n, count, r, network)
	tr := begin(t, plan{database: s, seed: n, servers: []*server{r}, writers: 1, pause: 100 * time.Millisecond, hoppers: 1, others: clients})
	for round := range rounds(1, 10) {
		tr.moves(t, 5)
		network.Turn(false)
		r.Kill()
		tr.moves(t, 20)
		s.exec(t, `select rowcast.seal()`) // else those changes come through the rings
		r.Restart(t)
		network.Turn(true)
		began := time.Now()
		back(t, clients, round+2)
		took := time.Since(began)
		resumed := tr.resumes(t)
		hub := r.Status(t).Hub
		t.Logf("%d clients are live %s after the server is back, and all receive again %s later; %d were served from the history, which was read %d times",
			count, took.Round(time.Millisecond), resumed.Round(time.Millisecond), hub.CatchUps, hub.HistoryReads)
		if took > comeBackWithin {
			t.Errorf("the last client is live again after %s; want %s", took, comeBackWithin)
		}
		if hub.CatchUps < count/4 || hub.HistoryReads > few*len(tenants) {
			t.Errorf("the history was read %d times for %d clients", hub.HistoryReads, hub.CatchUps)
		}
	}
	tr.end(t)
}
