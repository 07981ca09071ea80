package ring

import (
	"math"
	"sort"

	"rowcast/internal/feed"
	"rowcast/internal/view"
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
	// Except: the entry is for all but Of.
	Except bool
	// Of is the subject that the entry is for; the zero Subject is everybody.
	Of   view.Subject
	Name string
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

// Filter is what of a window a client gets.
type Filter struct {
	// Admit lets events pass by name; nil lets all.
	Admit func(name string) bool
	// Subjects are all that the client is.
	Subjects []view.Subject
}

// Window is a ring at one moment.
type Window struct {
	// passed is the index up to which the followers were offered the entries.
	passed int64
	// hole is the index of the newest entry without a frame that is for everybody.
	hole int64
	// divided: there may be entries that are not for everybody.
	divided bool

	// first is the index of entries[0], which is no longer in the ring: it
	// says where the ring starts.
	first   int64
	entries []Entry
	slabs   []slab
}

// End is the index that the next entry will have.
func (w *Window) End() int64 { return w.first + int64(len(w.entries)) }

// Holds says whether the entries from index next on are all in the ring.
func (w *Window) Holds(next int64) bool { return next > w.first }

// At is entry i. The one before the first that the ring holds is there, too.
func (w *Window) At(i int64) *Entry { return &w.entries[i-w.first] }

// Behind is how many bytes follow after the entry before next.
func (w *Window) Behind(next int64) int64 { return w.At(w.End()-1).End - w.At(next-1).End }

// Frame is the frame of entry i.
func (w *Window) Frame(i int64) []byte {
	start, end := w.At(i-1).End, w.At(i).End
	if start == end {
		return nil
	}
	s := w.slabs[w.slabAt(start)]
	return s.buf[start-s.base : end-s.base]
}

// slabAt is the index of the slab that holds the byte at start.
func (w *Window) slabAt(start int64) int {
	k := len(w.slabs) - 1
	for w.slabs[k].base > start {
		k--
	}
	return k
}

// Span is the longest run of frames from entry next on that is contiguous in
// memory, but no more than limit bytes unless one frame alone is longer. to is
// the index after the run.
func (w *Window) Span(next int64, limit int) (b []byte, to int64) {
	start, end := w.At(next-1).End, w.At(w.End()-1).End
	if start == end {
		return nil, w.End()
	}
	k := w.slabAt(start)
	s := w.slabs[k]
	stop := end
	if k+1 < len(w.slabs) {
		stop = w.slabs[k+1].base
	}
	if stop-start > int64(limit) {
		stop = max(start+int64(limit), w.firstEnd(next))
	}
	to = w.End()
	if stop < end {
		rest := w.entries[next-w.first:]
		to = next + int64(sort.Search(len(rest), func(i int) bool { return rest[i].End > stop }))
		stop = w.At(to - 1).End
	}
	return s.buf[start-s.base : stop-s.base], to
}

// firstEnd is where the first frame with bytes at or after entry next ends.
func (w *Window) firstEnd(next int64) int64 {
	for i := next; ; i++ {
		if w.At(i).End > w.At(next-1).End {
			return w.At(i).End
		}
	}
}

// Find is the index of the first entry that a client at c has not received, behind all
// that have its cursor. ok is false if the ring does not know.
func (w *Window) Find(c feed.Cursor) (next int64, ok bool) {
	had := delivered(c)
	n := sort.Search(len(w.entries), func(i int) bool {
		e := &w.entries[i]
		return e.Position > c.Position || (e.Position == c.Position && e.Delivered > had)
	})
	if n == 0 {
		return 0, false
	}
	e := &w.entries[n-1]
	switch {
	case e.Position != c.Position:
		return 0, false
	case had > 0 && e.Delivered != had:
		// The client has more events of the next change than it has here:
		// continue after that change, once it is there. A bulk event stands for
		// more than that change.
		for ; n < len(w.entries); n++ {
			if e = &w.entries[n]; e.Position > c.Position {
				return w.first + int64(n) + 1, e.Position == c.Position+1 && e.Nonce == c.Nonce
			}
		}
		return 0, false
	}
	return w.first + int64(n), e.Nonce == c.Nonce
}

// admits says whether an entry has a frame that a client with the filter gets.
func (e *Entry) admits(f *Filter) bool {
	return e.Name != "" && view.Part{For: e.Of, Except: e.Except}.Has(f.Subjects) && (f.Admit == nil || f.Admit(e.Name))
}

// whole is i, or where the entries from behind on begin that have its cursor: an event that differs for
// some clients has several entries, and a client that does not get one of them has not
// received the event yet.
func (w *Window) whole(behind, i int64) int64 {
	for i > behind {
		e, before := w.At(i), w.At(i-1)
		if e.Position != before.Position || e.Delivered != before.Delivered {
			break
		}
		i--
	}
	return i
}

// Hole is the index of the newest entry without a frame that is for everybody, 0 if there
// was none.
func (w *Window) Hole() int64 { return w.hole }

// Passed is the index of the first entry that followers may not have been offered.
func (w *Window) Passed() int64 { return w.passed }

// Pick is what follows from next on and is admitted, about limit bytes: the frames of
// the entries up to to. Frames that lie apart are gathered in scratch, at most gather
// bytes of them. count is the number of frames. skipped says that the last entry was
// not admitted.
func (w *Window) Pick(next int64, f *Filter, scratch *[]byte, limit, gather int) (b []byte, to int64, count int, skipped bool) {
	if f.Admit == nil && !w.divided {
		b, to = w.Span(next, limit)
		for i := next; i < to; i++ {
			if w.At(i).Name != "" {
				count++
			}
		}
		return b, to, count, w.At(to-1).Name == ""
	}
	gathered, adjacent := false, false
	behind := next // the last frame that is picked
	to = next
	for ; to < w.End(); to++ {
		if skipped = !w.At(to).admits(f); skipped {
			adjacent = false
			continue
		}
		frame := w.Frame(to)
		if count > 0 && len(b)+len(frame) > min(limit, gather) {
			to = w.whole(behind, to)
			break
		}
		switch {
		case count == 0:
			b = frame
		case adjacent && !gathered && len(frame) <= cap(b)-len(b):
			b = b[:len(b)+len(frame)]
		default:
			if !gathered {
				*scratch = append((*scratch)[:0], b...)
				gathered = true
			}
			*scratch = append(*scratch, frame...)
			b = *scratch
		}
		adjacent, behind = true, to+1
		count++
	}
	return b, to, count, skipped
}

// Cut says where the first n bytes of what Pick gave from next to to end: after is the
// entry that follows them, behind the one whose frame they have in part. rest is the
// end of that frame, count the number of frames.
func (w *Window) Cut(next, to int64, f *Filter, n int) (after int64, rest []byte, count int) {
	behind := next
	for ; next < to; next++ {
		if !w.At(next).admits(f) {
			continue
		}
		frame := w.Frame(next)
		if n < len(frame) {
			if n > 0 {
				return next + 1, frame[n:], count + 1
			}
			next = w.whole(behind, next)
			break
		}
		n -= len(frame)
		behind = next + 1
		count++
	}
	return next, nil, count
}
