package faults_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rowcast/internal/postgres"
)

// pulse is a writer that keeps a pace, whatever the commits take, and the
// times from when each was due until it was committed and until clients had it.
type pulse struct {
	every   time.Duration
	tenants []string

	mu      sync.Mutex
	due     map[int64]time.Time
	samples []sample
	commits []sample
	err     error
}

// sample is one event at one client.
type sample struct {
	due  time.Time
	took time.Duration
}

func newPulse(every time.Duration, tenants ...string) *pulse {
	return &pulse{every: every, tenants: tenants, due: make(map[int64]time.Time)}
}

// run commits one row after the other until stop is closed.
func (p *pulse) run(ctx context.Context, s *site, l *ledger, stop <-chan struct{}) {
	err := p.beat(ctx, s, l, stop)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *pulse) beat(ctx context.Context, s *site, l *ledger, stop <-chan struct{}) error {
	conn, err := postgres.Connect(ctx, s.dsn, "pulse")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	began := time.Now()
	for n := 0; ; n++ {
		due := began.Add(time.Duration(n) * p.every)
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(due)):
		}
		f := fact{tenant: p.tenants[n%len(p.tenants)], op: '+', id: s.nextID.Add(1), version: 1}
		p.mu.Lock()
		p.due[f.id] = due
		p.mu.Unlock()
		d := deed{span: span{began: time.Now()}}
		const insert = "insert into hot values ($1, $2, 1) returning pg_current_xact_id()::text::bigint"
		if err := conn.QueryRow(ctx, insert, f.id, f.tenant).Scan(&d.tx); err != nil {
			return fmt.Errorf("insert a row of the pulse: %w", err)
		}
		d.facts, d.span.ended = []fact{f}, time.Now()
		p.mu.Lock()
		p.commits = append(p.commits, sample{due, d.span.ended.Sub(due)})
		p.mu.Unlock()
		l.add(d)
	}
}

// hear notes that a client has an event.
func (p *pulse) hear(f fact) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if due, ok := p.due[f.id]; ok {
		p.samples = append(p.samples, sample{due, now.Sub(due)})
	}
}

// delays are the percentiles of the events that were due in a while.
type delays struct {
	count         int
	p50, p99, max time.Duration
}

func (d delays) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	return fmt.Sprintf("p50 %s, p99 %s, max %s of %d", round(d.p50), round(d.p99), round(d.max), d.count)
}

// between are the delays of the events that were due in a while, and of their
// commits. To be asked at the end of the trial, when all have arrived.
func (p *pulse) between(t *testing.T, from, to time.Time) (events, commits delays) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		t.Error(p.err)
	}
	events, commits = percentiles(p.samples, from, to), percentiles(p.commits, from, to)
	if events.count == 0 {
		t.Fatalf("no event was due between %s and %s", from, to)
	}
	return events, commits
}

func percentiles(samples []sample, from, to time.Time) delays {
	var took []time.Duration
	for _, s := range samples {
		if !s.due.Before(from) && s.due.Before(to) {
			took = append(took, s.took)
		}
	}
	if len(took) == 0 {
		return delays{}
	}
	slices.Sort(took)
	return delays{count: len(took), p50: took[len(took)/2], p99: took[len(took)*99/100], max: took[len(took)-1]}
}
