package registry

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Parts is in how many parts the members are looked at.
const Parts = 4

// Registry knows all members. It is safe for concurrent use.
type Registry[M comparable] struct {
	parts [Parts]struct {
		mu sync.Mutex
		m  map[M]struct{}
	}
	next   atomic.Uint64
	count  atomic.Int64
	closed atomic.Bool
	empty  chan struct{}
	once   sync.Once
}

// New makes a Registry without members.
func New[M comparable]() *Registry[M] {
	r := &Registry[M]{empty: make(chan struct{})}
	for i := range r.parts {
		r.parts[i].m = make(map[M]struct{})
	}
	return r
}

// Part is the one that the next member should be added to.
func (r *Registry[M]) Part() int { return int(r.next.Add(1) % Parts) }

// Add is false if the registry is closed.
func (r *Registry[M]) Add(m M, part int) bool {
	p := &r.parts[part]
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.closed.Load() {
		return false
	}
	p.m[m] = struct{}{}
	r.count.Add(1)
	return true
}

// Remove takes out a member that was added to part. Call it once.
func (r *Registry[M]) Remove(m M, part int) {
	p := &r.parts[part]
	p.mu.Lock()
	delete(p.m, m)
	p.mu.Unlock()
	if r.count.Add(-1) == 0 && r.closed.Load() {
		r.once.Do(func() { close(r.empty) })
	}
}

// Close refuses further members. A member that was added is in All after it.
func (r *Registry[M]) Close() {
	r.closed.Store(true)
	for i := range r.parts { // let Add finish
		r.parts[i].mu.Lock()
		r.parts[i].mu.Unlock() //nolint:staticcheck // a barrier
	}
	if r.count.Load() == 0 {
		r.once.Do(func() { close(r.empty) })
	}
}

// Closed says whether further members are refused.
func (r *Registry[M]) Closed() bool { return r.closed.Load() }

// Empty is closed when the registry is closed and the last member gone.
func (r *Registry[M]) Empty() <-chan struct{} { return r.empty }

// In appends the members of one part.
func (r *Registry[M]) In(part int, list []M) []M {
	p := &r.parts[part]
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.AppendSeq(list, maps.Keys(p.m))
}

// All are the members of all parts.
func (r *Registry[M]) All() (list []M) {
	for i := range r.parts {
		list = r.In(i, list)
	}
	return list
}
