package feed_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
)

// TestWalk goes from every cursor that a client can hold: it gives exactly what the
// client lacks. In a bulk change that is the change, for the rows that it lacks, and
// of a change that cannot be read any more the event that says so.
func TestWalk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var changes []feed.Change
		var events [][]feed.Event
		for position := int64(1); len(changes) < 6; position++ {
			c := feed.Change{Epoch: "f", From: position, Nonce: 7 * position}
			n := rapid.IntRange(0, 3).Draw(t, "events")
			if c.Bulk = rapid.IntRange(0, 3).Draw(t, "bulk") == 0; c.Bulk {
				position += rapid.Int64Range(0, 3).Draw(t, "rows")
				n = 1
			}
			c.Position = position
			made := make([]feed.Event, n)
			for k := range made {
				made[k] = feed.Event{Name: fmt.Sprint(c.From, " ", k), Cursor: feed.Cursor{Epoch: "f", Position: c.From - 1, Nonce: c.Nonce, Delivered: k + 1}}
			}
			if n > 0 {
				made[n-1].Cursor = feed.Cursor{Epoch: "f", Position: c.Position, Nonce: c.Nonce}
			}
			changes, events = append(changes, c), append(events, made)
		}
		lost := rapid.IntRange(-1, len(changes)-1).Draw(t, "unreadable")
		toEvents := func(dst []feed.Event, c *feed.Change) []feed.Event {
			i := slices.IndexFunc(changes, func(o feed.Change) bool { return o.From == c.From })
			if c.Unreadable != nil {
				return append(dst, feed.Event{Name: "unreadable", Cursor: feed.Cursor{Epoch: "f", Position: c.Position, Nonce: c.Nonce}})
			}
			return append(dst, events[i]...)
		}
		at := feed.Cursor{Epoch: "f"}
		first := rapid.IntRange(0, len(changes)-1).Draw(t, "change")
		delivered := 0
		if first > 0 {
			at = feed.Cursor{Epoch: "f", Position: changes[first-1].Position, Nonce: changes[first-1].Nonce}
		}
		switch c := &changes[first]; {
		case len(events[first]) > 1 && rapid.Bool().Draw(t, "inside"):
			delivered = rapid.IntRange(1, len(events[first])-1).Draw(t, "delivered")
			at = events[first][delivered-1].Cursor
		case c.Bulk && c.Position > c.From && rapid.Bool().Draw(t, "among the rows"):
			at = feed.Cursor{Epoch: "f", Position: rapid.Int64Range(c.From, c.Position-1).Draw(t, "row"), Nonce: c.Nonce, Delivered: rapid.IntRange(0, 2).Draw(t, "delivered")}
		}
		var want []string
		for i := first; i < len(changes); i++ {
			if i == lost {
				changes[i].Unreadable = &feed.Unreadable{Reason: feed.Size}
				want = append(want, "unreadable")
				continue
			}
			for k := range events[i] {
				if i > first || k >= delivered {
					want = append(want, events[i][k].Name)
				}
			}
		}
		w := feed.Walk{At: at, Events: toEvents}
		var got []string
		for i := first; i < len(changes); i++ {
			if w.Misses(&changes[i]) {
				t.Fatalf("at %s change %d is said not to follow", w.At, i)
			}
			if i+1 < len(changes) && !w.Misses(&changes[i+1]) {
				t.Fatalf("at %s change %d is said to follow", w.At, i+1)
			}
			for _, e := range w.Next(&changes[i]) {
				got = append(got, e.Name)
			}
		}
		if !slices.Equal(got, want) || w.At.Position != changes[len(changes)-1].Position {
			t.Fatalf("from %s: %q, at %s; want %q", at, got, w.At, want)
		}
	})
}
