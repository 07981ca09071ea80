package measure

import (
	"context"
	"sync/atomic"
	"time"
)

// Schedule is an open loop of intended times, evenly spaced. It may be shared:
// each time is given to one caller.
type Schedule struct {
	start    time.Time
	interval float64 // ns
	given    atomic.Int64
}

// NewSchedule begins at start, with rate times a second.
func NewSchedule(start time.Time, rate float64) *Schedule {
	return &Schedule{start: start, interval: float64(time.Second) / rate}
}

// At is the n-th intended time, from 0.
func (s *Schedule) At(n int64) time.Time {
	return s.start.Add(time.Duration(float64(n) * s.interval))
}

// Next waits for the next intended time and returns it. It returns at once
// while the caller is late: no time is left out.
func (s *Schedule) Next(ctx context.Context) (time.Time, error) {
	intended := s.At(s.given.Add(1) - 1)
	wait := time.Until(intended)
	if wait <= 0 {
		return intended, ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return intended, context.Cause(ctx)
	case <-timer.C:
		return intended, nil
	}
}
