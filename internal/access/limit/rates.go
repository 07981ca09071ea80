package limit

import (
	"sync"
	"time"
)

// maxRates bounds the clients that are remembered.
const maxRates = 1 << 16

// Rates bounds how often a client does something. It is safe for concurrent use.
//
// All that is kept of a client is when it will have made up for what it did. Two
// tables take turns: when the newer one is half of what may be kept, the older
// one is forgotten.
type Rates[K comparable] struct {
	// each is what one time costs, room how far ahead a client may be.
	each, room time.Duration

	mu         sync.Mutex
	newer, old map[K]time.Time
}

// NewRates allows a burst, and then so many times a second.
func NewRates[K comparable](perSecond, burst int) *Rates[K] {
	each := time.Second / time.Duration(max(1, perSecond))
	return &Rates[K]{each: each, room: each * time.Duration(max(1, burst)-1), newer: map[K]time.Time{}}
}

// Allow counts one time at now. If the client is too fast it is not counted, and
// wait is after how long it would be allowed.
func (r *Rates[K]) Allow(client K, now time.Time) (wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, known := r.newer[client]
	if !known {
		at = r.old[client]
	}
	if at.Before(now) {
		at = now
	}
	if ahead := at.Sub(now) - r.room; ahead > 0 {
		return ahead, false
	}
	if !known && len(r.newer) >= maxRates/2 {
		r.old, r.newer = r.newer, map[K]time.Time{}
	}
	r.newer[client] = at.Add(r.each)
	return 0, true
}

// Len is how many clients are remembered.
func (r *Rates[K]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.newer) + len(r.old)
}
