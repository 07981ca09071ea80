package conform_test

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

var full = flag.Bool("conform.full", false, "let slow clients read 60 MB at 1 MB/s")

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
	s := newShared(t)
	tenant := s.NewTenant(t)
	server := servetest.Start(t, s.DSN, append(settings, patient)...)
	type reader struct {
		*client
		wire string
		got  atomic.Int64
		slow *raw.Allowance
	}
	var readers []*reader
	for _, w := range wires {
		if w.settings != nil {
			continue // the same but for how a client continues
		}
		l := &line{wire: w, shared: s, Tenant: tenant}
		a := raw.NewAllowance(rate)
		a.Raise(64 << 10) // to join
		readers = append(
			readers,
			&reader{client: l.join(t, server), wire: w.name},
			&reader{client: l.join(t, server, func(q *request) { q.network = a.Dial }), wire: "slow " + w.name, slow: a},
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
	// A slow client may read a quarter of what every fast one has, and a little each
	// second: where all is slow, the server must not take it for one that takes nothing.
	began := time.Now()
	watch(done, func() {
		little := int64(time.Since(began).Seconds()) * 16 << 10
		least := int64(math.MaxInt64)
		for _, r := range readers {
			if r.slow == nil {
				least = min(least, r.got.Load())
			}
		}
		for _, r := range readers {
			if r.slow != nil {
				r.slow.Raise(64<<10 + least*int64(size)/4 + little)
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
		r.slow.Raise(math.MaxInt64 / 2)
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
