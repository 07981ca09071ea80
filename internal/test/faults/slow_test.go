package faults_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/work"

	"github.com/jackc/pgx/v5"
)

// burst commits rows of 8 KB of a tenant, a few in a transaction.
func (tr *run) burst(t *testing.T, tenant string, bytes int) {
	t.Helper()
	const size, few = 8 << 10, 5
	tr.database.as(t, "burst", func(ctx context.Context, conn *pgx.Conn) {
		for range bytes / size / few {
			tr.commit(ctx, t, conn, func(w *work.Writer) error {
				last := tr.ledger.NextIDs(few)
				return w.Each(ctx, '+', "insert into hot select n, $3, 1, repeat('x', $4) from generate_series($1::int, $2::int) n",
					last-few+1, last, tenant, size)
			})
		}
	})
}

// TestSlowClients has one client read nothing, one read 8 KB a second,
// one send and receive byte by byte, and one be reset in the middle of a frame
// again and again. The first is sent away as a slow consumer, all get
// everything in the end, and those beside them get their events as fast as
// without them.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	// A blocked session may take nothing for 10 s, and has 5 s for its close.
	const bar = 15*time.Second + 5*time.Second
	more := slack(t)
	const flood = 5 << 20
	s := newDatabase(t, nil)
	r := s.serve(t)
	n := seed(t)
	rng := func(k uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 2000+k)) }

	reading := raw.NewValve()
	deaf := newClient(t, "client that reads nothing", []*server{r}, rng(0), 0, "acme")
	deaf.dial = reading.Dial

	thin, url := newHole(t, r.url())
	thin.poison(t, "downstream", "bandwidth", `{"rate":8}`)
	slow := newClient(t, "client at 8 KB/s", []*server{at(url)}, rng(1), 0, "cygnus")

	slicer, url := newHole(t, r.url())
	for _, direction := range []string{"downstream", "upstream"} {
		slicer.poison(t, direction, "slicer", `{"average_size":1,"size_variation":0,"delay":0}`)
	}
	sliced := newClient(t, "client in slices", []*server{at(url)}, rng(2), 0, "cygnus")

	torn := newClient(t, "client that is reset", []*server{r}, rng(3), 0, "borea")
	whole := true // until it has joined, so that it knows where it is
	torn.dial = fragile{
		write: func() bool { return !whole && torn.rng.IntN(3) == 0 },
		read: func() int {
			if whole {
				whole = false
				return 4 << 10
			}
			return 100 + torn.rng.IntN(4<<10)
		},
	}.dial

	p := newProbe(10*time.Millisecond, "acme", "borea")
	alone := begin(t, plan{
		database: s, seed: n, servers: []*server{r}, writers: 1, pause: 100 * time.Millisecond, hoppers: 1, stayers: 6, probe: p,
	})
	quiet := time.Now()
	alone.burst(t, "acme", flood)
	alone.moves(t, 40)
	calm := time.Now()
	alone.end(t)
	without, commits := p.between(t, quiet, calm)

	p = newProbe(10*time.Millisecond, "acme", "borea")
	tr := begin(t, plan{
		database: s, seed: n, servers: []*server{r}, writers: 1, pause: 100 * time.Millisecond, hoppers: 1, stayers: 6, probe: p,
		others: []*client{deaf, slow, sliced, torn},
	})
	t.Cleanup(func() { reading.Turn(true) })
	reading.Turn(false)
	began := time.Now()
	tr.burst(t, "acme", flood)
	tr.burst(t, "cygnus", 40<<10)
	away := eventually(t, "client that is sent away", timeout, func() bool { return r.Status(t).Hub.Closes["slow-consumer"] > 0 })
	tr.moves(t, 40)
	ended := time.Now()
	reading.Turn(true)
	tr.end(t)
	with, commitsWith := p.between(t, began, ended)

	t.Logf("events of others without: %s; with: %s (%.1f times the p99); commits without: %s; with: %s",
		without, with, float64(with.p99)/float64(without.p99), commits, commitsWith)
	t.Logf("slow consumer sent away %s after the flood; the one that is reset came %d times", away.Round(time.Millisecond), torn.visits)
	if away > bar+more() {
		t.Errorf("the client that reads nothing is sent away after %s; want %s", away, bar)
	}
	// If somebody waited for a client, it would be for seconds.
	if with.p99 > 10*without.p99+2*time.Second {
		t.Errorf("the events of others take %s; want about %s", with.p99, without.p99)
	}
	if deaf.visits < 2 || torn.visits < 5 || slow.visits != 1 || sliced.visits != 1 {
		t.Errorf("connections: %d that read nothing, %d that were reset, %d at 8 KB/s, %d in slices; want 2 or more, many, 1, 1",
			deaf.visits, torn.visits, slow.visits, sliced.visits)
	}
	if resets := r.Status(t).Hub.Resets; resets > 0 {
		t.Errorf("%d clients were told to reload", resets)
	}
}
