package stream

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// leastShare is what a tenant may always take, in bytes.
const leastShare = 2 << 10

// memory is what the rings of all tenants take together, and may take.
type memory struct {
	budget int64
	used   atomic.Int64
	// share is what a tenant may take, in all its rings.
	share atomic.Int64
	// most is a share that no tenant needs.
	most int64
	// bar is above how much the shares are made smaller.
	bar atomic.Int64
	// turn is held while shares change.
	turn sync.Mutex
}

func (m *memory) init(budget, most int64) {
	m.budget, m.most = budget, most
	m.share.Store(most)
	m.bar.Store(budget)
}

// over says whether there is more than there should be.
func (m *memory) over() bool { return m.used.Load() > m.budget }

// accountLocked notes what the rings of t take now.
func (t *Stream) accountLocked() {
	if t.orphan {
		return
	}
	size := int64(0)
	for _, f := range t.rings {
		size += int64(f.Size())
	}
	if size != t.size {
		t.s.memory.used.Add(size - t.size)
		t.size = size
	}
}

// leave has t no longer count, as nobody will find it any more.
func (t *Stream) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.memory.used.Add(-t.size)
	t.size, t.orphan = 0, true
}

// divideLocked gives the rings of t equal parts of its share.
func (t *Stream) divideLocked() {
	for _, f := range t.rings {
		f.Limit(int(t.s.memory.share.Load()) / len(t.rings))
	}
	t.accountLocked()
}

// level is the largest share with which sizes fit into budget: a tenant that takes less
// than that keeps what it has.
func level(sizes []int64, budget int64) int64 {
	slices.Sort(sizes)
	for i, size := range sizes {
		if rest := int64(len(sizes) - i); size > budget/rest {
			return budget / rest
		}
		budget -= size
	}
	return math.MaxInt64
}

// squeeze makes the shares smaller if the rings take too much: so that there is
// an eighth of the budget to spare, at the cost of those who take most.
func (s *Streams) squeeze() {
	m := &s.memory
	if m.used.Load() <= m.bar.Load() || !m.turn.TryLock() {
		return
	}
	defer m.turn.Unlock()
	tenants := s.all()
	sizes := make([]int64, len(tenants))
	for i, t := range tenants {
		t.mu.Lock()
		sizes[i] = t.size
		t.mu.Unlock()
	}
	s.setShare(tenants, min(max(leastShare, level(sizes, m.budget-m.budget/8)), m.most))
	// What the followers were not offered yet goes when they were.
	m.bar.Store(max(m.budget, m.used.Load()+m.budget/16))
}

// relax makes the shares larger again when there is room.
func (s *Streams) relax() {
	m := &s.memory
	m.bar.Store(m.budget)
	s.squeeze()
	if m.share.Load() < m.most && m.used.Load() < m.budget-m.budget/4 {
		m.turn.Lock()
		defer m.turn.Unlock()
		s.setShare(s.all(), min(2*m.share.Load(), m.most))
	}
}

// setShare has tenants, and those that come, keep within a share.
func (s *Streams) setShare(tenants []*Stream, share int64) {
	s.memory.share.Store(share)
	for _, t := range tenants {
		t.mu.Lock()
		t.divideLocked()
		t.mu.Unlock()
	}
}

// all are the tenants.
func (s *Streams) all() []*Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenants := make([]*Stream, 0, len(s.tenants))
	for _, t := range s.tenants {
		tenants = append(tenants, t)
	}
	return tenants
}

// Memory is what the rings take, and may take, in bytes.
func (s *Streams) Memory() (used, budget int64) { return s.memory.used.Load(), s.memory.budget }
