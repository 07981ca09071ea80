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
	r := New(1<<20, feed.Cursor{Feed: "f", Position: 1, Nonce: 10})
	ahead := feed.Cursor{Feed: "f", Position: 1, Nonce: 20, Delivered: 5}
	if _, ok := r.Find(ahead); ok {
		t.Fatal("the change is not there yet")
	}
	r.Push("a", feed.Cursor{Position: 1, Nonce: 20, Delivered: 1}, []byte("a"))
	r.Push("b", feed.Cursor{Position: 2, Nonce: 20}, []byte("b"))
	r.Push("c", feed.Cursor{Position: 3, Nonce: 30}, []byte("c"))
	for _, test := range []struct {
		cursor feed.Cursor
		next   int64
		ok     bool
	}{
		{feed.Cursor{Position: 1, Nonce: 10}, 1, true},
		{feed.Cursor{Position: 1, Nonce: 10, Stats: true}, 1, true},
		{feed.Cursor{Position: 1, Nonce: 11}, 0, false},
		{feed.Cursor{Position: 1, Nonce: 20, Delivered: 1}, 2, true},
		{feed.Cursor{Position: 1, Nonce: 21, Delivered: 1}, 0, false},
		{ahead, 3, true},
		{feed.Cursor{Position: 1, Nonce: 21, Delivered: 5}, 0, false},
		{feed.Cursor{Position: 2, Nonce: 20}, 3, true},
		{feed.Cursor{Position: 3, Nonce: 30}, 4, true},
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
// limit, and old views stay whole.
func TestRingHoldsTheNewestFrames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{500, 20_000, 2_000_000}).Draw(t, "limit")
		r := New(limit, feed.Cursor{})
		frames := [][]byte{nil} // by index
		type old struct {
			View
			frames [][]byte
		}
		var views []old
		for i := range rapid.IntRange(1, 200).Draw(t, "n") {
			size := rapid.SampledFrom([]int{0, 1, 100, 5000, 300_000}).Draw(t, "size")
			frame := bytes.Repeat([]byte{byte(i)}, size)
			frames = append(frames, frame)
			r.Push("e", feed.Cursor{Position: int64(i + 1)}, frame)
			if len(r.entries) > 2 && r.cost(r.first+1) > limit {
				t.Fatalf("%d bytes, the limit is %d", r.cost(r.first+1), limit)
			}
			if i%17 == 0 {
				views = append(views, old{r.View, slices.Clip(frames)})
			}
		}
		for _, v := range views {
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
