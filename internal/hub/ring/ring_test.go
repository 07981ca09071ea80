package ring

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
)

// TestFindSkipsEventsThatThisVersionDoesNotMake: the client had more events of
// a change than the ring has for it.
func TestFindSkipsEventsThatThisVersionDoesNotMake(t *testing.T) {
	t.Parallel()
	r := New(1<<20, feed.Cursor{Epoch: "f", Position: 1, Nonce: 10})
	ahead := feed.Cursor{Epoch: "f", Position: 1, Nonce: 20, Delivered: 5}
	if _, ok := r.Find(ahead); ok {
		t.Fatal("the change is not there yet")
	}
	r.Push("a", feed.Cursor{Position: 1, Nonce: 20, Delivered: 1}, []byte("a"))
	r.Push("b", feed.Cursor{Position: 2, Nonce: 20}, []byte("b"))
	r.Push("c", feed.Cursor{Position: 3, Nonce: 30}, []byte("c"))
	r.Push("of the same cursor", feed.Cursor{Position: 3, Nonce: 30}, []byte("d"))
	for _, test := range []struct {
		cursor feed.Cursor
		next   int64
		ok     bool
	}{
		{feed.Cursor{Position: 1, Nonce: 10}, 1, true},
		{feed.Cursor{Position: 1, Nonce: 11}, 0, false},
		{feed.Cursor{Position: 1, Nonce: 20, Delivered: 1}, 2, true},
		{feed.Cursor{Position: 1, Nonce: 21, Delivered: 1}, 0, false},
		{ahead, 3, true},
		{feed.Cursor{Position: 1, Nonce: 21, Delivered: 5}, 0, false},
		{feed.Cursor{Position: 2, Nonce: 20}, 3, true},
		{feed.Cursor{Position: 3, Nonce: 30}, 5, true},
		{feed.Cursor{Position: 3, Nonce: 30, Delivered: 1}, 0, false},
		{feed.Cursor{Position: 4, Nonce: 30}, 0, false},
		{feed.Cursor{Position: 0}, 0, false},
	} {
		if next, ok := r.Find(test.cursor); ok != test.ok || (ok && next != test.next) {
			t.Errorf("find(%+v) = %d, %v; want %d, %v", test.cursor, next, ok, test.next, test.ok)
		}
	}
}

// TestRingHoldsTheNewestFrames: against a plain list of all frames, within the
// limit, also one that changes, and old windows stay whole.
func TestRingHoldsTheNewestFrames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{500, 20_000, 2_000_000}).Draw(t, "limit")
		r := New(limit, feed.Cursor{})
		frames := [][]byte{nil} // by index
		type old struct {
			Window
			frames [][]byte
		}
		var windows []old
		r.Followed(true)
		for i := range rapid.IntRange(1, 200).Draw(t, "n") {
			if i%23 == 22 {
				r.Limit(rapid.SampledFrom([]int{300, 10_000, 1_000_000}).Draw(t, "next limit"))
				within(t, &r)
			}
			size := rapid.SampledFrom([]int{0, 1, 100, 5000, 300_000}).Draw(t, "size")
			frame := bytes.Repeat([]byte{byte(i)}, size)
			frames = append(frames, frame)
			r.Push("e", feed.Cursor{Position: int64(i + 1)}, frame)
			if rapid.Bool().Draw(t, "offered") {
				r.Pass(r.End())
			}
			within(t, &r)
			if i%17 == 0 {
				windows = append(windows, old{r.Window, slices.Clip(frames)})
			}
		}
		for _, v := range windows {
			next := v.first + 1
			if next > v.End() {
				continue
			}
			var got []byte
			most := rapid.SampledFrom([]int{1, 300, 70_000, math.MaxInt}).Draw(t, "most")
			for i := next; i < v.End(); {
				b, to := v.Span(i, most)
				if to <= i || (len(b) > most && len(b) != len(v.Frame(i)) && to != i+1) {
					frames := 0
					for k := i; k < to; k++ {
						if len(v.Frame(k)) > 0 {
							frames++
						}
					}
					if frames > 1 {
						t.Fatalf("span(%d, %d) has %d bytes up to %d", i, most, len(b), to)
					}
				}
				got, i = append(got, b...), to
			}
			if want := bytes.Join(v.frames[next:v.End()], nil); !bytes.Equal(got, want) {
				t.Fatalf("frames %d to %d: %d bytes, want %d", next, v.End(), len(got), len(want))
			}
		}
	})
}

// within checks what a ring takes. It has what its followers were not offered,
// the newest entry, and beside that no more than its limit. What it takes is what
// it says.
func within(t *rapid.T, r *Ring) {
	held := 0
	for _, s := range r.slabs {
		held += len(s.buf)
	}
	if r.held != held || r.room < len(r.entries) || r.room > 2*len(r.entries)+8 && r.room > 4*r.limit/EntryCost+8 {
		t.Fatalf("the ring says that it takes %d bytes and %d entries; it takes %d and %d", r.held, r.room, held, len(r.entries))
	}
	oldest := r.first + 1
	if oldest < min(r.passed, r.End()-1) && r.held+EntryCost*len(r.entries) > r.limit {
		t.Fatalf("%d bytes in %d entries, the limit is %d", r.held, len(r.entries), r.limit)
	}
	if oldest > r.passed {
		t.Fatalf("entry %d was dropped, %d were offered", r.first, r.passed)
	}
}

// TestSmallRingIsSmall: a ring takes little more than what it has.
func TestSmallRingIsSmall(t *testing.T) {
	t.Parallel()
	r := New(8<<20, feed.Cursor{})
	for i := range int64(10) {
		r.Push("e", feed.Cursor{Position: i + 1}, make([]byte, 300))
	}
	if r.Size() > 6<<10 {
		t.Errorf("3 kB take %d bytes", r.Size())
	}
	for i := range int64(10_000) {
		r.Push("e", feed.Cursor{Position: i + 11}, make([]byte, 300))
	}
	if r.Size() < 3_000_000 || r.Size() > 4_500_000 {
		t.Errorf("3 MB take %d bytes", r.Size())
	}
	r.Limit(32 << 10)
	if first, size := r.first, r.Size(); size > 33<<10 || size < 20<<10 {
		t.Errorf("%d bytes, from entry %d; the limit is 32 KiB", size, first)
	}
	if r.Push("e", feed.Cursor{Position: 10_011}, make([]byte, 300)); r.Size() < 20<<10 {
		t.Error("the next entry has nearly all others dropped")
	}
}
