package hub

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// shards is in how many parts the sessions are swept.
const shards = 4

// registry knows all sessions.
type registry struct {
	parts [shards]struct {
		mu sync.Mutex
		m  map[*Session]struct{}
	}
	next   atomic.Uint64
	count  atomic.Int64
	closed atomic.Bool
	// empty is closed when the registry is closed and the last session gone.
	empty chan struct{}
	once  sync.Once
}

func (r *registry) init() {
	r.empty = make(chan struct{})
	for i := range r.parts {
		r.parts[i].m = make(map[*Session]struct{})
	}
}

// add is false if the registry is closed.
func (r *registry) add(s *Session) bool {
	s.shard = int(r.next.Add(1) % shards)
	p := &r.parts[s.shard]
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.closed.Load() {
		return false
	}
	p.m[s] = struct{}{}
	r.count.Add(1)
	return true
}

func (r *registry) remove(s *Session) {
	p := &r.parts[s.shard]
	p.mu.Lock()
	delete(p.m, s)
	p.mu.Unlock()
	if r.count.Add(-1) == 0 && r.closed.Load() {
		r.once.Do(func() { close(r.empty) })
	}
}

// close refuses further sessions.
func (r *registry) close() {
	r.closed.Store(true)
	for i := range r.parts { // let add finish
		r.parts[i].mu.Lock()
		r.parts[i].mu.Unlock() //nolint:staticcheck // a barrier
	}
	if r.count.Load() == 0 {
		r.once.Do(func() { close(r.empty) })
	}
}

// shard appends the sessions of one part.
func (r *registry) shard(i int, list []*Session) []*Session {
	p := &r.parts[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.AppendSeq(list, maps.Keys(p.m))
}

// all appends all sessions.
func (r *registry) all(list []*Session) []*Session {
	for i := range r.parts {
		list = r.shard(i, list)
	}
	return list
}

// Draining says whether new sessions are refused.
func (h *Hub) Draining() bool { return h.sessions.closed.Load() }
