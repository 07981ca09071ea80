package conform_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"net"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

var full = flag.Bool("conform.full", false, "let slow clients read 60 MB at 1 MB/s")

// allowance is what a client may read.
type allowance struct {
	mu          sync.Mutex
	more        sync.Cond
	left, given int64
	// rate, if not 0, is what may be read in a second beside that.
	rate int64
}

func newAllowance(rate int64) *allowance {
	a := &allowance{rate: rate}
	a.more.L = &a.mu
	return a
}

// raise lets the client have read so much since the beginning.
func (a *allowance) raise(total int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if total > a.given {
		a.left += total - a.given
		a.given = total
		a.more.Broadcast()
	}
}

// spend waits until what was read may have been.
func (a *allowance) spend(n int) {
	if a.rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(a.rate))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left -= int64(n)
	for a.left < 0 {
		a.more.Wait()
	}
}

// dial makes connections of the client, with little in between.
func (a *allowance) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(gate).dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &slowed{conn, a}, nil
}

type slowed struct {
	net.Conn
	allowance *allowance
}

func (c *slowed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b[:min(len(b), 16<<10)])
	c.allowance.spend(n)
	return n, err
}

// TestOverrun: one statement of many times what a server keeps, to a fast client
// on each wire and one that is slower than the writer. All receive everything;
// the fast ones do not wait for the slow ones, which have read a quarter by then;
// and the memory of the server has a bound.
func TestOverrun(t *testing.T) {
	t.Parallel()
	rows, size, settings := 150, 60_000, []string{"ROWCAST_RING_MEMORY=8MiB"}
	rate, bound := int64(0), int64(8<<20)
	if *full {
		rows, settings, rate, bound = 1000, nil, 1_000_000, 256<<20
	}
	s := newEnv(t)
	tenant := s.NewTenant(t)
	server := servetest.Start(t, s.DSN, settings...)
	type reader struct {
		*client
		wire string
		got  atomic.Int64
		slow *allowance
	}
	var readers []*reader
	for _, w := range wires {
		if w.settings != nil {
			continue // the same but for how a client continues
		}
		l := &line{wire: w, env: s, Tenant: tenant}
		a := newAllowance(rate)
		a.raise(64 << 10) // to join
		readers = append(
			readers,
			&reader{client: l.join(t, server), wire: w.name},
			&reader{client: l.join(t, server, func(q *request) { q.network = a.dial }), wire: "slow " + w.name, slow: a},
		)
	}
	var fast, all sync.WaitGroup
	errs := make(chan error, len(readers))
	read := func(r *reader) {
		for position := int64(1); position <= int64(rows); {
			m, err := r.next()
			switch {
			case err != nil:
				errs <- fmt.Errorf("%s after %d: %w", r.wire, position-1, err)
				return
			case m.Type == "reset" || change(m) && m.Position != position:
				errs <- fmt.Errorf("%s received %s; want position %d", r.wire, m, position)
				return
			case change(m):
				r.got.Store(position)
				position++
			}
		}
	}
	for _, r := range readers {
		group := &all
		if r.slow == nil {
			group = &fast
		}
		group.Go(func() { read(r) })
	}
	tenant.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, customer) select $1, repeat('x', %d) from generate_series(1, %d)`, size, rows))
	done, finished := make(chan struct{}), make(chan struct{})
	go func() { fast.Wait(); close(done) }()
	most := map[string]int64{}
	watch := func(until <-chan struct{}, each func()) {
		for {
			select {
			case <-until:
				return
			case err := <-errs:
				t.Fatal(err)
			case <-time.After(20 * time.Millisecond):
				each()
			}
			for name, value := range memory(t, server) {
				most[name] = max(most[name], value)
			}
		}
	}
	// A slow client may read a quarter of what every fast one has.
	watch(done, func() {
		least := int64(math.MaxInt64)
		for _, r := range readers {
			if r.slow == nil {
				least = min(least, r.got.Load())
			}
		}
		for _, r := range readers {
			if r.slow != nil {
				r.slow.raise(64<<10 + least*int64(size)/4)
			}
		}
	})
	for _, r := range readers {
		if r.slow == nil {
			continue
		}
		if got := r.got.Load(); got > int64(rows)/2 {
			t.Errorf("%s has %d of %d events when the fast clients have all", r.wire, got, rows)
		}
		r.slow.raise(math.MaxInt64 / 2)
	}
	go func() { all.Wait(); close(finished) }()
	watch(finished, func() {})
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
	status := server.Status(t).Hub
	t.Logf("at most %d MB of recent events, %d MB of history, %d MB in the heap, %d MB resident; %d pages were read",
		most["rowcast_ring_memory_bytes"]>>20, most["rowcast_page_memory_bytes"]>>20, most["go_memstats_heap_alloc_bytes"]>>20,
		most["process_resident_memory_bytes"]>>20, status.HistoryReads)
	if most["rowcast_ring_memory_bytes"] > bound+8<<20 || most["rowcast_page_memory_bytes"] > 16<<20 {
		t.Errorf("the server has kept more than it should")
	}
	if status.HistoryReads == 0 || status.Closes["slow-consumer"] > 0 || status.Resets > 0 {
		t.Errorf("status %+v", status)
	}
}

var figure = regexp.MustCompile(`(?m)^(rowcast_ring_memory_bytes|rowcast_page_memory_bytes|go_memstats_heap_alloc_bytes|process_resident_memory_bytes) (\S+)$`)

// memory asks a server what it takes.
func memory(t *testing.T, server *servetest.Server) map[string]int64 {
	t.Helper()
	_, body := server.Get(t, "/metrics")
	all := map[string]int64{}
	for _, found := range figure.FindAllStringSubmatch(body, -1) {
		value, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		all[found[1]] = int64(value)
	}
	return all
}
