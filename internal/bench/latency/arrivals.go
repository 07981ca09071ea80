package latency

import (
	"fmt"
	"sync"
	"time"
)

// arrival is a row that a client has received. Times are since the run began.
type arrival struct {
	id      int64
	due, at time.Duration
}

// arrivals are those of one block at a time.
type arrivals struct {
	mu    sync.Mutex
	first int64
	rows  []arrival
	seen  int
	// changed is when a row came last, problem what should not have come.
	changed  time.Time
	problem  error
	complete chan struct{}
}

// expect begins a block of count rows.
func (a *arrivals) expect(first, count int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.rows, a.seen = first, make([]arrival, count), 0
	a.changed, a.complete = time.Now(), make(chan struct{})
}

func (a *arrivals) add(row arrival) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := row.id - a.first
	switch {
	case i < 0 || i >= int64(len(a.rows)):
		a.problem = fmt.Errorf("row %d arrived again, or on the wrong side", row.id)
		return
	case a.rows[i].at != 0:
		a.problem = fmt.Errorf("row %d arrived twice", row.id)
		return
	}
	a.rows[i], a.changed = row, time.Now()
	if a.seen++; a.seen == len(a.rows) {
		close(a.complete)
	}
}

// state says how many rows have come, when the last, and what is wrong.
func (a *arrivals) state() (seen int, changed time.Time, problem error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen, a.changed, a.problem
}

// missing says what has not come.
func (a *arrivals) missing(timeout time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Errorf("%d of %d rows have not arrived, and nothing has for %s", len(a.rows)-a.seen, len(a.rows), timeout)
}
