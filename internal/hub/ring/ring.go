package ring

import (
	"slices"

	"rowcast/internal/feed"
)

// Sizes of a ring, in bytes.
const (
	// EntryCost is what an entry counts beside its frame.
	EntryCost = 64
	// firstSlab and lastSlab are the smallest and largest usual slab.
	firstSlab, lastSlab = 4 << 10, 256 << 10
)

// Ring is the log that the views are taken of. It is not safe for concurrent
// use.
type Ring struct {
	View
	limit int
	// passed is the index up to which the followers were offered the entries.
	passed int64
	// followed: there is somebody to offer them to.
	followed bool
}

// New makes an empty ring that follows after c.
func New(limit int, c feed.Cursor) Ring {
	base := Entry{Position: c.Position, Nonce: c.Nonce, Rank: rank(c)}
	return Ring{limit: limit, passed: 1, View: View{entries: []Entry{base}}}
}

// Push appends an entry. The frame is copied.
func (r *Ring) Push(name string, c feed.Cursor, frame []byte) {
	start := r.entries[len(r.entries)-1].End
	if len(frame) > 0 {
		k := len(r.slabs) - 1
		if k < 0 || int64(len(r.slabs[k].buf))-(start-r.slabs[k].base) < int64(len(frame)) {
			size := firstSlab
			if k >= 0 {
				size = min(2*max(len(r.slabs[k].buf), firstSlab), lastSlab)
			}
			r.slabs = append(r.slabs, slab{base: start, buf: make([]byte, max(size, len(frame)))})
			k++
		}
		copy(r.slabs[k].buf[start-r.slabs[k].base:], frame)
	}
	r.entries = append(r.entries, Entry{
		End: start + int64(len(frame)), Position: c.Position, Nonce: c.Nonce, Rank: rank(c), Name: name,
	})
	if !r.followed {
		r.passed = r.End()
	}
	r.evict()
}

// evict drops the oldest entries while the ring is over its limit, but none
// that a follower may not have been offered yet.
func (r *Ring) evict() {
	for len(r.entries) > 2 && r.cost(r.first+1) > r.limit && r.first+1 < r.passed {
		r.entries = r.entries[1:]
		r.first++
	}
	drop := 0
	for drop+1 < len(r.slabs) && r.slabs[drop+1].base <= r.entries[0].End {
		drop++
	}
	if drop > 0 {
		r.slabs = slices.Clone(r.slabs[drop:]) // views still use the old array
	}
}

// cost is what the entries from next on count against the limit.
func (r *Ring) cost(next int64) int {
	return int(r.Behind(next)) + EntryCost*int(r.End()-next)
}

// Followed says whether there are followers, to whom Pass has to be told.
func (r *Ring) Followed(yes bool) { r.followed = yes }

// Pass notes that the followers were offered the entries before index to.
func (r *Ring) Pass(to int64) { r.passed = max(r.passed, to) }

// Due says whether there are entries that the followers were not offered.
func (r *Ring) Due() bool { return r.followed && r.passed < r.End() }

// Room says whether size bytes more fit without dropping what the followers
// were not offered yet.
func (r *Ring) Room(size int) bool {
	return !r.Due() || r.cost(r.passed)+size <= r.limit
}
