package ring

import (
	"slices"
	"unsafe"

	"rowcast/internal/feed"
	"rowcast/internal/view"
)

// Sizes of a ring, in bytes.
const (
	// EntryCost is what an entry counts beside its frame.
	EntryCost = 64
	// entrySize is what it takes.
	entrySize = int(unsafe.Sizeof(Entry{}))
	// firstSlab and lastSlab are the smallest and largest usual slab of a ring
	// that may be large; leastSlab is the smallest of any.
	firstSlab, lastSlab, leastSlab = 4 << 10, 256 << 10, 256
	// parts is in how many slabs a full ring has its frames, at least.
	parts = 8
)

// Ring is the log that windows are taken of. It is not safe for concurrent
// use.
type Ring struct {
	Window
	// limit is when old entries are dropped, most how much may wait for the
	// followers.
	limit, most int
	// held is the size of the slabs, room the number of entries that there is
	// memory for.
	held, room int
	// followed: there is somebody to offer them to.
	followed bool
}

// New makes an empty ring that follows after c, and is never larger than most.
func New(most int, c feed.Cursor) Ring {
	base := Entry{Position: c.Position, Nonce: c.Nonce, Delivered: delivered(c)}
	return Ring{limit: most, most: most, room: 1, Window: Window{passed: 1, entries: []Entry{base}}}
}

// Push appends an entry for everybody. The frame is copied.
func (r *Ring) Push(name string, c feed.Cursor, frame []byte) {
	r.PushFor(view.Part{}, name, c, frame)
}

// PushFor appends an entry for a part of the clients. The frame is copied.
func (r *Ring) PushFor(p view.Part, name string, c feed.Cursor, frame []byte) {
	if p.For != (view.Subject{}) {
		r.divided = true
	} else if name == "" {
		r.hole = r.End()
	}
	start := r.entries[len(r.entries)-1].End
	r.store(start, frame)
	full := len(r.entries) == cap(r.entries)
	r.entries = append(r.entries, Entry{
		End: start + int64(len(frame)), Position: c.Position, Nonce: c.Nonce, Delivered: delivered(c), Name: name,
		Of: p.For, Except: p.Except,
	})
	if full {
		r.room = cap(r.entries)
	}
	if !r.followed {
		r.passed = r.End()
	}
	r.evict(2)
}

// store copies a frame that begins at start to the last slab, or a new one.
func (r *Ring) store(start int64, frame []byte) {
	if len(frame) == 0 {
		return
	}
	k := len(r.slabs) - 1
	if k < 0 || int64(len(r.slabs[k].buf))-(start-r.slabs[k].base) < int64(len(frame)) {
		r.grow(start, len(frame))
		k++
	}
	copy(r.slabs[k].buf[start-r.slabs[k].base:], frame)
}

// grow adds a slab for a frame.
func (r *Ring) grow(start int64, frame int) {
	usual := max(leastSlab, min(r.limit/parts, lastSlab))
	size := min(firstSlab, usual)
	if k := len(r.slabs) - 1; k >= 0 {
		size = min(max(2*len(r.slabs[k].buf), size), usual)
	}
	size = max(size, frame)
	r.slabs = append(r.slabs, slab{base: start, buf: make([]byte, size)})
	r.held += size
}

// evict drops the oldest entries while the ring is over its limit, until keep are left.
// It drops none that a follower may not have been offered yet. One of those kept is no
// longer in the ring.
func (r *Ring) evict(keep int) {
	drop := 0
	for len(r.entries) > keep && r.held+EntryCost*len(r.entries) > r.limit && r.first+1 < r.passed {
		r.entries = r.entries[1:]
		r.first++
		for drop+1 < len(r.slabs) && r.slabs[drop+1].base <= r.entries[0].End {
			r.held -= len(r.slabs[drop].buf)
			drop++
		}
	}
	if drop > 0 {
		r.slabs = slices.Clone(r.slabs[drop:]) // windows still use the old array
	}
}

// Limit is from now on when old entries are dropped. Those that are too many are
// dropped at once, and what is left takes no more memory than it needs.
func (r *Ring) Limit(limit int) {
	r.limit = min(limit, r.most)
	if r.Size() <= r.limit {
		return
	}
	for len(r.entries) > 1 && r.cost(r.first+1)+EntryCost > r.limit && r.first+1 < r.passed {
		r.entries = r.entries[1:]
		r.first++
	}
	whole := r.Window
	r.slabs, r.held = nil, 0
	for i := r.first + 1; i < r.End(); i++ {
		r.store(whole.At(i-1).End, whole.Frame(i))
	}
	r.entries = slices.Clone(r.entries)
	r.room = cap(r.entries)
	r.evict(1)
}

// Size is how many bytes of memory the ring takes.
func (r *Ring) Size() int { return r.held + entrySize*r.room }

// cost is what the entries from next on count against the limit.
func (r *Ring) cost(next int64) int {
	return int(r.Behind(next)) + EntryCost*int(r.End()-next)
}

// Followed says whether there are followers, so that Pass has to be called.
func (r *Ring) Followed(yes bool) { r.followed = yes }

// Pass notes that the followers were offered the entries before index to.
func (r *Ring) Pass(to int64) {
	r.passed = max(r.passed, to)
	r.evict(2)
}

// Due says whether there are entries that the followers were not offered.
func (r *Ring) Due() bool { return r.followed && r.passed < r.End() }

// Room says whether size bytes more may wait for the followers.
func (r *Ring) Room(size int) bool {
	return !r.Due() || r.cost(r.passed)+size <= r.most
}
