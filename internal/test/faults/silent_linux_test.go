package faults_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// descriptors counts the connections of clients that the process of a server
// has open. One that only the kernel still knows has no inode.
func (r *server) descriptors(t *testing.T) (count int) {
	t.Helper()
	u, err := url.Parse(r.url())
	if err != nil {
		t.Fatal(err)
	}
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := proc.NetTCP() //nolint:staticcheck // netlink would be one more module
	if err != nil {
		t.Fatal(err)
	}
	const listening = 10
	for _, socket := range sockets {
		if strconv.FormatUint(socket.LocalPort, 10) == u.Port() && socket.Inode != 0 && socket.St != listening {
			count++
		}
	}
	return count
}

// TestSilentDeath has clients vanish without a FIN. Their descriptors are free
// within 50 s with the usual heartbeat, others are not concerned, and when
// they come back they have missed nothing.
func TestSilentDeath(t *testing.T) {
	t.Parallel()
	const bar, many, few = 50 * time.Second, 20, 3
	more := slack(t)
	settings := []string{"ROWCAST_PING_INTERVAL=5s", "ROWCAST_PING_TIMEOUT=10s"} // a busy machine answers within that
	if long() {
		settings = nil
	}
	s := newDatabase(t, nil)
	r := s.serve(t, settings...)
	h, way := newHole(t, r.url())
	n := seed(t)
	network := newTrunk()
	var vanishing []*client
	for k := range many {
		rng := rand.New(rand.NewPCG(n, uint64(2000+k)))
		c := newClient(t, fmt.Sprintf("client that vanishes %d", k), []*server{at(way)}, rng, 0, tenants[k%len(tenants)])
		c.dial = network.dial
		vanishing = append(vanishing, c)
	}
	tr := begin(t, plan{database: s, seed: n, servers: []*server{r}, writers: 1, stayers: few, others: vanishing})
	tr.moves(t, 20)
	eventually(t, "descriptor for each client", timeout, func() bool { return r.descriptors(t) == many+few })
	before := r.Status(t).Hub.Closes["no-pong"]
	network.Turn(false)
	h.open(t)
	took := eventually(t, "end of the sessions", timeout, func() bool { return r.Status(t).Connections == few })
	freed := took + eventually(t, "descriptor that is free", timeout, func() bool { return r.descriptors(t) == few })
	if freed > bar+more() {
		t.Errorf("the descriptors are free after %s; want %s", freed, bar)
	}
	if closes := r.Status(t).Hub.Closes["no-pong"] - before; closes != many {
		t.Errorf("%d sessions ended because nothing was heard; want %d", closes, many)
	}
	h.close(t.Context(), t)
	network.Turn(true)
	back := tr.resumes(t)
	tr.end(t)
	for _, c := range tr.stayersOf(r) {
		if c.visits != 1 {
			t.Errorf("%s, which was there, had %d connections", c.name, c.visits)
		}
	}
	t.Logf("sessions of %d silent clients ended after %s, their descriptors were free after %s; all receive again %s after the network is back",
		many, took.Round(time.Millisecond), freed.Round(time.Millisecond), back.Round(time.Millisecond))
}
