package ring

import (
	"math"
	"sort"

	"rowcast/internal/feed"
)

// Entry is one event, or a change that has no event: its name is then empty
// and its frame has no bytes.
type Entry struct {
	// End is where the frame ends in the byte stream of the ring. It starts
	// where the frame before ends.
	End int64
	// Position, Nonce and Delivered are the cursor of a client that has received
	// the entry.
	Position, Nonce int64
	Delivered       int32
	Name            string
}

// delivered is that of a cursor, as an entry has it.
func delivered(c feed.Cursor) int32 { return int32(min(c.Delivered, math.MaxInt32)) }

// Cursor is where a client of a feed is that has received e.
func (e *Entry) Cursor(name string) feed.Cursor {
	return feed.Cursor{Epoch: name, Position: e.Position, Nonce: e.Nonce, Delivered: int(e.Delivered)}
}

// slab is a piece of the byte stream. A frame lies in one slab. Bytes up to the
// end of the stream never change.
type slab struct {
	base int64
	buf  []byte
}

// View is a ring at one moment.
type View struct {
	// first is the index of entries[0], which is no longer in the ring: it
	// says where the ring starts.
	first   int64
	entries []Entry
	slabs   []slab
}

// End is the index that the next entry will have.
func (v *View) End() int64 { return v.first + int64(len(v.entries)) }

// Holds says whether the entries from index next on are all in the ring.
func (v *View) Holds(next int64) bool { return next > v.first }

// At is entry i. The one before the first that the ring holds is there, too.
func (v *View) At(i int64) *Entry { return &v.entries[i-v.first] }

// Behind is how many bytes follow after the entry before next.
func (v *View) Behind(next int64) int64 { return v.At(v.End()-1).End - v.At(next-1).End }

// Frame is the frame of entry i.
func (v *View) Frame(i int64) []byte {
	start, end := v.At(i-1).End, v.At(i).End
	if start == end {
		return nil
	}
	s := v.slabs[v.slabAt(start)]
	return s.buf[start-s.base : end-s.base]
}

// slabAt is the index of the slab that holds the byte at start.
func (v *View) slabAt(start int64) int {
	k := len(v.slabs) - 1
	for v.slabs[k].base > start {
		k--
	}
	return k
}

// Span is the longest run of frames from entry next on that is contiguous in
// memory, but no more than limit bytes unless one frame alone is longer. to is
// the index after the run.
func (v *View) Span(next int64, limit int) (b []byte, to int64) {
	start, end := v.At(next-1).End, v.At(v.End()-1).End
	if start == end {
		return nil, v.End()
	}
	k := v.slabAt(start)
	s := v.slabs[k]
	stop := end
	if k+1 < len(v.slabs) {
		stop = v.slabs[k+1].base
	}
	if stop-start > int64(limit) {
		stop = max(start+int64(limit), v.firstEnd(next))
	}
	to = v.End()
	if stop < end {
		rest := v.entries[next-v.first:]
		to = next + int64(sort.Search(len(rest), func(i int) bool { return rest[i].End > stop }))
		stop = v.At(to - 1).End
	}
	return s.buf[start-s.base : stop-s.base], to
}

// firstEnd is where the first frame with bytes at or after entry next ends.
func (v *View) firstEnd(next int64) int64 {
	for i := next; ; i++ {
		if v.At(i).End > v.At(next-1).End {
			return v.At(i).End
		}
	}
}

// Find is the index of the first entry that a client at c has not received, behind all
// that have its cursor. ok is false if the ring does not know.
func (v *View) Find(c feed.Cursor) (next int64, ok bool) {
	had := delivered(c)
	n := sort.Search(len(v.entries), func(i int) bool {
		e := &v.entries[i]
		return e.Position > c.Position || (e.Position == c.Position && e.Delivered > had)
	})
	if n == 0 {
		return 0, false
	}
	e := &v.entries[n-1]
	switch {
	case e.Position != c.Position:
		return 0, false
	case had > 0 && e.Delivered != had:
		// The client has more events of the next change than it has here:
		// continue after that change, once it is there. A bulk event stands for
		// more than that change.
		for ; n < len(v.entries); n++ {
			if e = &v.entries[n]; e.Position > c.Position {
				return v.first + int64(n) + 1, e.Position == c.Position+1 && e.Nonce == c.Nonce
			}
		}
		return 0, false
	}
	return v.first + int64(n), e.Nonce == c.Nonce
}

// admits says whether an entry has a frame, and admit, if not nil, lets it pass.
func (e *Entry) admits(admit func(name string) bool) bool {
	return e.Name != "" && (admit == nil || admit(e.Name))
}

// Pick is what follows from next on and is admitted, about limit bytes: the frames of
// the entries up to to. Frames that lie apart are gathered in scratch, at most gather
// bytes of them. count is the number of frames. skipped says that the last entry was
// not admitted.
func (v *View) Pick(next int64, admit func(name string) bool, scratch *[]byte, limit, gather int) (b []byte, to int64, count int, skipped bool) {
	if admit == nil {
		b, to = v.Span(next, limit)
		for i := next; i < to; i++ {
			if v.At(i).Name != "" {
				count++
			}
		}
		return b, to, count, v.At(to-1).Name == ""
	}
	gathered, adjacent := false, false
	to = next
	for ; to < v.End(); to++ {
		if skipped = !v.At(to).admits(admit); skipped {
			adjacent = false
			continue
		}
		f := v.Frame(to)
		if count > 0 && len(b)+len(f) > min(limit, gather) {
			break
		}
		switch {
		case count == 0:
			b = f
		case adjacent && !gathered && len(f) <= cap(b)-len(b):
			b = b[:len(b)+len(f)]
		default:
			if !gathered {
				*scratch = append((*scratch)[:0], b...)
				gathered = true
			}
			*scratch = append(*scratch, f...)
			b = *scratch
		}
		adjacent = true
		count++
	}
	return b, to, count, skipped
}

// Cut says where the first n bytes of what Pick gave from next to to end: after is the
// entry that follows them, behind the one whose frame they have in part. rest is the
// end of that frame, count the number of frames.
func (v *View) Cut(next, to int64, admit func(name string) bool, n int) (after int64, rest []byte, count int) {
	for ; next < to; next++ {
		if !v.At(next).admits(admit) {
			continue
		}
		f := v.Frame(next)
		if n < len(f) {
			if n > 0 {
				return next + 1, f[n:], count + 1
			}
			break
		}
		n -= len(f)
		count++
	}
	return next, nil, count
}
