package limit

import "sync"

// Quota counts what is held at once, by key. It is safe for concurrent use.
type Quota[K comparable] struct {
	most int
	mu   sync.Mutex
	held map[K]int
}

// NewQuota allows each key so many places.
func NewQuota[K comparable](most int) *Quota[K] {
	return &Quota[K]{most: most, held: map[K]int{}}
}

// Take takes a place. It is false if the key has all that it may have.
func (p *Quota[K]) Take(key K) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[key] >= p.most {
		return false
	}
	p.held[key]++
	return true
}

// Leave gives a place back that was taken.
func (p *Quota[K]) Leave(key K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[key]--; p.held[key] <= 0 {
		delete(p.held, key)
	}
}

// Held is how many places the key has, Keys how many keys have any.
func (p *Quota[K]) Held(key K) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[key]
}

// Keys is how many keys have places.
func (p *Quota[K]) Keys() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held)
}
