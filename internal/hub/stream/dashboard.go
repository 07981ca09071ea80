package stream

import (
	"context"
	"sync"
	"time"
)

// statsPause bounds how often the list of due dashboard events is looked at.
const statsPause = 20 * time.Millisecond

// statsQueue holds the tenants whose dashboard event is due later.
type statsQueue struct {
	kick chan struct{}

	mu  sync.Mutex
	due map[*Stream]time.Time
}

// schedule has the dashboard event of t appended at due. Once scheduled, a
// tenant keeps its time.
func (q *statsQueue) schedule(t *Stream, due time.Time) {
	q.mu.Lock()
	_, known := q.due[t]
	if !known {
		q.due[t] = due
	}
	q.mu.Unlock()
	if !known {
		select {
		case q.kick <- struct{}{}:
		default:
		}
	}
}

// take removes the tenants that are due, and says when the next one is.
func (q *statsQueue) take(now time.Time) (due []*Stream, next time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for t, at := range q.due {
		switch {
		case !now.Before(at):
			due = append(due, t)
			delete(q.due, t)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	return due, next
}

// Dashboards appends the dashboard events when they are due, until ctx ends.
func (s *Streams) Dashboards(ctx context.Context) {
	q := &s.stats
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	w := s.newScratch()
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.kick:
		case <-timer.C:
		}
		now := time.Now()
		due, next := q.take(now)
		for _, t := range due {
			t.mu.Lock()
			if len(t.reasons) > 0 {
				t.addStatsLocked(now, w)
				t.wakeLocked()
			}
			t.mu.Unlock()
		}
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(next.Sub(now), statsPause))
		}
	}
}
