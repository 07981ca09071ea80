package faults_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rowcast/internal/postgres"
	"rowcast/internal/test/work"
)

// probe is a writer that keeps a pace, whatever happens to the events. It knows
// how long its commits took, and how long after them clients had the events.
type probe struct {
	every   time.Duration
	tenants []string

	mu      sync.Mutex
	beats   map[int64]*beat
	arrived []arrival
	err     error
}

// beat is one transaction of a probe.
type beat struct{ began, committed time.Time }

// arrival is the event of a beat at a client.
type arrival struct {
	*beat
	at time.Time
}

func newProbe(every time.Duration, tenants ...string) *probe {
	return &probe{every: every, tenants: tenants, beats: make(map[int64]*beat)}
}

// run commits one row after the other until stop is closed.
func (p *probe) run(ctx context.Context, s *database, l *work.Ledger, stop <-chan struct{}) {
	err := p.write(ctx, s, l, stop)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *probe) write(ctx context.Context, s *database, l *work.Ledger, stop <-chan struct{}) error {
	conn, err := postgres.Connect(ctx, s.dsn, "probe")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		f := work.Change{Tenant: p.tenants[n%len(p.tenants)], Op: '+', ID: l.NextIDs(1), Version: 1}
		d := work.Tx{Span: work.Span{Began: time.Now()}}
		p.mu.Lock()
		p.beats[f.ID] = &beat{began: d.Span.Began}
		p.mu.Unlock()
		const insert = "insert into hot values ($1, $2, 1) returning pg_current_xact_id()::text::bigint"
		if err := conn.QueryRow(ctx, insert, f.ID, f.Tenant).Scan(&d.Tx); err != nil {
			return fmt.Errorf("insert a row of the probe: %w", err)
		}
		d.Changes, d.Span.Ended = []work.Change{f}, time.Now()
		p.mu.Lock()
		p.beats[f.ID].committed = d.Span.Ended
		p.mu.Unlock()
		l.Add(d)
	}
}

// hear notes that a client has an event.
func (p *probe) hear(f work.Change) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if b, ok := p.beats[f.ID]; ok {
		p.arrived = append(p.arrived, arrival{b, now})
	}
}

// delays are percentiles.
type delays struct {
	count         int
	p50, p99, max time.Duration
}

func (d delays) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	return fmt.Sprintf("p50 %s, p99 %s, max %s of %d", round(d.p50), round(d.p99), round(d.max), d.count)
}

// between are the delays of events after their commits, and of the commits, of
// what began in a while. To be asked at the end of the run.
func (p *probe) between(t *testing.T, from, to time.Time) (events, commits delays) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		t.Error(p.err)
	}
	within := func(b *beat) bool { return !b.began.Before(from) && b.began.Before(to) }
	var after, late []time.Duration
	for _, a := range p.arrived {
		if within(a.beat) {
			after = append(after, max(0, a.at.Sub(a.committed)))
		}
	}
	for _, b := range p.beats {
		if within(b) && !b.committed.IsZero() {
			late = append(late, b.committed.Sub(b.began))
		}
	}
	if len(after) == 0 || len(late) == 0 {
		t.Fatalf("nothing was committed between %s and %s", from, to)
	}
	return percentiles(after), percentiles(late)
}

func percentiles(all []time.Duration) delays {
	slices.Sort(all)
	return delays{count: len(all), p50: all[len(all)/2], p99: all[len(all)*99/100], max: all[len(all)-1]}
}
