package stream

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/view"
)

// TestViewsHaveABound: a tenant has as many views as are followed, up to the bound. One who
// tries many views, one after the other, keeps nobody out and holds no memory.
func TestViewsHaveABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := New(ctx, Options{
			Head:     func(context.Context, string, int64) (feed.Head, error) { return feed.Head{Epoch: "f"}, nil },
			Encoders: []Encoder{plain{}}, Spawn: func(f func()) bool { go f(); return true },
			RingBytes: 1 << 20, RingMemory: 1 << 20, Log: slog.New(slog.DiscardHandler),
		})
		s.Live(true)
		tenant, _ := s.Attach("T", 0, true)
		defer tenant.Release()
		<-tenant.Ready()
		of := func(i int) *view.View { return view.New(fmt.Sprint(i), nil) }
		follow := func(i int) *taker {
			if s.Full("T", of(i)) {
				t.Fatalf("view %d is refused", i)
			}
			f := &taker{}
			if _, err := tenant.Follow(Kind{View: of(i)}, nil, f); err != nil {
				t.Fatal(err)
			}
			return f
		}
		for i := range 2 * maxViews {
			tenant.Unfollow(follow(i))
		}
		if n := len(tenant.rings); n > maxViews+1 {
			t.Errorf("%d rings that nobody follows", n)
		}
		first := follow(0)
		for i := 1; i < maxViews; i++ {
			defer tenant.Unfollow(follow(i))
		}
		if !s.Full("T", of(maxViews)) || s.Full("T", of(1)) || s.Full("T", nil) {
			t.Error("the bound refuses what is there, or nothing")
		}
		tenant.Unfollow(first)
		tenant.Unfollow(follow(maxViews))
	})
}
