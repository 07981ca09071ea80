package stream

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLevelIsFair: what is given fits, nobody is given less than another who
// takes more, and more cannot be given.
func TestLevelIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 50).Draw(t, "sizes")
		budget := rapid.Int64Range(0, 20_000).Draw(t, "budget")
		share := level(append([]int64(nil), sizes...), budget)
		given := func(share int64) (sum int64) {
			for _, size := range sizes {
				sum += min(size, share)
			}
			return sum
		}
		if given(share) > budget {
			t.Fatalf("a share of %d gives %d of %d", share, given(share), budget)
		}
		if share == math.MaxInt64 {
			return
		}
		if more := given(share + 1); more <= budget && more > given(share) {
			t.Fatalf("a share of %d leaves room for more", share)
		}
	})
}

// taker follows a tenant and takes all that it is offered.
type taker struct {
	handle Handle
	next   int64
	lost   int
}

func (f *taker) Subjects() []view.Subject { return nil }

func (f *taker) Handle() *Handle { return &f.handle }

func (f *taker) Offer(v *ring.Window, _ *[]byte) int {
	if !v.Holds(f.next) {
		f.lost++
	}
	n := v.End() - f.next
	f.next = v.End()
	return int(n)
}

// plain encodes an event as its data.
type plain struct{}

func (plain) AppendEvent(dst []byte, e *feed.Event) []byte { return append(dst, e.Data...) }

// TestMemoryIsAccounted: what the rings are said to take is what they take,
// whoever comes, goes, publishes, or is forgotten; it stays within the budget but
// for the latest changes, and no follower loses anything to that.
func TestMemoryIsAccounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var stopped any // how rapid ends a run that fails
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			accounted(rt)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

func accounted(t *rapid.T) {
	const budget, most, largest = 32 << 10, 32 << 10, 2 << 10
	ctx, cancel := context.WithCancel(context.Background())
	heads := map[string]int64{}
	s := New(ctx, Options{
		Head: func(_ context.Context, tenant string, _ int64) (feed.Head, error) {
			return feed.Head{Epoch: "f", Position: heads[tenant]}, nil
		},
		Map: func(dst []feed.Event, c *feed.Change) []feed.Event {
			return append(dst, feed.Event{Name: "e", Data: c.After, Cursor: feed.Cursor{Epoch: "f", Position: c.Position}})
		},
		DashboardReason: func(c *feed.Change) (string, bool) { return "d", c.Table == "d" },
		DashboardEvent: func(_ string, _ []string, head feed.Head, _ time.Time) feed.Event {
			return feed.Event{Name: "stats", Data: []byte("stats"), Cursor: head.Cursor()}
		},
		Encoders: []Encoder{plain{}, plain{}}, Hole: func(*Stream) {},
		Spawn:     func(f func()) bool { go f(); return true },
		RingBytes: most, RingMemory: budget, RingIdle: time.Minute,
		Log: slog.New(slog.DiscardHandler),
	})
	go s.Work()
	go s.Dashboards(ctx)
	s.Live(true)
	type held struct {
		t    *Stream
		kind Kind
		f    *taker
	}
	var all []held
	views := []*view.View{nil, view.New("a", nil), view.New("b", nil)}
	defer func() {
		for _, h := range all {
			h.t.Unfollow(h.f)
			h.t.Release()
		}
		cancel()
		s.Stop()
		synctest.Wait()
	}()
	tenant := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 7).Draw(t, "tenant")) })
	t.Repeat(map[string]func(*rapid.T){
		"publish": func(t *rapid.T) {
			name := tenant.Draw(t, "name")
			for range rapid.IntRange(1, 100).Draw(t, "n") {
				heads[name]++
				c := feed.Change{Epoch: "f", Tenant: name, From: heads[name], Position: heads[name]}
				c.After = bytes.Repeat([]byte("x"), rapid.SampledFrom([]int{0, 10, 500, largest}).Draw(t, "size"))
				if rapid.Bool().Draw(t, "dashboard") {
					c.Table = "d"
				}
				s.Publish([]feed.Change{c}, 0)
			}
		},
		"follow": func(t *rapid.T) {
			h := held{kind: Kind{Encoder: rapid.IntRange(0, 1).Draw(t, "encoder"), View: rapid.SampledFrom(views).Draw(t, "view")}, f: &taker{}}
			h.t, _ = s.Attach(tenant.Draw(t, "name"), h.kind.Encoder, true)
			<-h.t.Ready()
			p, err := h.t.Follow(h.kind, nil, h.f)
			if err != nil {
				t.Fatal(err)
			}
			h.f.next = p.Next
			all = append(all, h)
		},
		"leave": func(t *rapid.T) {
			if len(all) > 0 {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "who")
				all[i].t.Unfollow(all[i].f)
				all[i].t.Release()
				all = append(all[:i], all[i+1:]...)
			}
		},
		"hole": func(t *rapid.T) { heads[tenant.Draw(t, "name")]++ },
		"forget": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "seldom") == 0 {
				s.Forget(nil)
			}
		},
		"wait": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 70).Draw(t, "s")) * time.Second)
			s.Prune(time.Now())
		},
		"": func(t *rapid.T) {
			synctest.Wait()
			sum := int64(0)
			for _, t := range s.all() {
				t.mu.Lock()
				for _, f := range t.rings {
					sum += int64(f.Size())
				}
				t.mu.Unlock()
			}
			if used, _ := s.Memory(); used != sum {
				t.Fatalf("%d bytes are said to be used, %d are", used, sum)
			}
			// The newest entry of a ring may be larger than its share.
			if bound := int64(budget + budget/16 + 48*largest); sum > bound {
				t.Fatalf("%d bytes, the bound is %d", sum, bound)
			}
			for _, h := range all {
				if h.f.lost > 0 {
					t.Fatal("a follower has lost entries that it was not offered")
				}
			}
		},
	})
}
