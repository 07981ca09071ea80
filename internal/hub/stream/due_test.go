package stream

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

// reader is a follower that counts how often it is offered something.
type reader struct {
	taker
	subjects []view.Subject
	offers   int
}

func (r *reader) Subjects() []view.Subject { return r.subjects }

func (r *reader) Offer(v *ring.Window, scratch *[]byte) int {
	r.offers++
	r.next = max(r.next, v.Passed())
	return r.taker.Offer(v, scratch)
}

// TestOneSubjectIsWoken: a row for one subject is offered to its sessions alone, however
// many others there are, and a row for everybody to all.
func TestOneSubjectIsWoken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const readers = 10_000
		ctx, cancel := context.WithCancel(t.Context())
		s := New(ctx, Options{
			Head: func(context.Context, string, int64) (feed.Head, error) { return feed.Head{Epoch: "f"}, nil },
			Map: func(dst []feed.Event, c *feed.Change) []feed.Event {
				return append(dst, feed.Event{Name: "note:created", Data: c.After, Cursor: feed.Cursor{Epoch: "f", Position: c.Position}})
			},
			Encoders: []Encoder{plain{}}, Hole: func(*Stream) {}, Spawn: func(f func()) bool { go f(); return true },
			RingBytes: 1 << 20, RingMemory: 1 << 20, Log: slog.New(slog.DiscardHandler),
		})
		go s.Work()
		s.Live(true)
		all := make([]*reader, readers)
		follow := func(i int) {
			name := fmt.Sprint(i)
			all[i] = &reader{subjects: view.Subjects(name, name, name)}
			tenant, _ := s.Attach("T", 0, true)
			<-tenant.Ready()
			start, err := tenant.Follow(Kind{}, nil, all[i])
			if err != nil {
				t.Fatal(err)
			}
			all[i].next = start.Next
		}
		for i := range readers - 1 {
			follow(i)
		}
		position := int64(0)
		write := func(value string) {
			position++
			s.Publish([]feed.Change{{
				Epoch: "f", Tenant: "T", Name: "note", Op: feed.Insert, From: position, Position: position,
				Audience: feed.Audience{Column: "reader", Type: "text"}, After: fmt.Appendf(nil, `{"reader":%s}`, value),
			}}, position)
			synctest.Wait()
		}
		write(`"7"`)
		follow(readers - 1) // when the ring is divided already
		write(fmt.Sprintf(`"%d"`, readers-1))
		write(`""`)
		for i, r := range all {
			want := 0
			if i == 7 || i == readers-1 {
				want = 1
			}
			if r.offers != want || r.lost > 0 {
				t.Errorf("subject %d was offered something %d times, want %d", i, r.offers, want)
			}
		}
		write("null")
		for i, r := range all {
			if r.next != 5 {
				t.Errorf("subject %d is at %d after a row for everybody", i, r.next)
			}
		}
		tenant, _ := s.Attach("T", 0, false)
		for _, r := range all {
			tenant.Unfollow(r)
			tenant.Release()
		}
		cancel()
		s.Stop()
		synctest.Wait()
	})
}
