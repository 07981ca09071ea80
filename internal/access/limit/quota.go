package limit

import "sync"

// Quota counts what is held at once, by key. It is safe for concurrent use.
type Quota[K comparable] struct {
	most int
	mu   sync.Mutex
	held map[K]int
}

// NewQuota allows each key so many slots.
func NewQuota[K comparable](most int) *Quota[K] {
	return &Quota[K]{most: most, held: map[K]int{}}
}

// Take takes a slot. It returns false if the key holds all that it may.
func (q *Quota[K]) Take(key K) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[key] >= q.most {
		return false
	}
	q.held[key]++
	return true
}

// Leave gives a slot back that was taken.
func (q *Quota[K]) Leave(key K) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[key]--; q.held[key] <= 0 {
		delete(q.held, key)
	}
}

// Held is how many slots the key has.
func (q *Quota[K]) Held(key K) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held[key]
}

// Keys is how many keys have slots.
func (q *Quota[K]) Keys() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.held)
}
