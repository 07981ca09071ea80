package hub_test

import (
	"sync/atomic"
	"testing"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/signal"
)

// owner is unwanted once it says so.
type owner struct {
	unwanted atomic.Bool
	left     atomic.Int64
}

func (o *owner) Unwanted() errcode.Code {
	if o.unwanted.Load() {
		return "revoked"
	}
	return ""
}

func (o *owner) Left() { o.left.Add(1) }

func TestUnwantedOwnersAreSentAway(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		bad, good, late, gone := new(owner), new(owner), new(owner), new(owner)
		a, c, d := b.open(t, newConn(unlimited)), b.open(t, newConn(unlimited)), b.open(t, newConn(unlimited))
		b.open(t, newConn(unlimited)) // belongs to nobody
		a.Own(bad)
		c.Own(gone) // replaced, so it hears nothing more
		c.Own(good)
		b.Recheck()
		bad.unwanted.Store(true)
		gone.unwanted.Store(true)
		b.Recheck()
		if n := b.Stats().Closes["revoked"]; n != 1 || bad.left.Load() != 1 || good.left.Load() != 0 {
			t.Errorf("%d sessions are sent away; the unwanted owner left %d times, the other %d", n, bad.left.Load(), good.left.Load())
		}
		late.unwanted.Store(true)
		d.Own(late)
		if n := b.Stats().Closes["revoked"]; n != 2 || late.left.Load() != 1 {
			t.Errorf("an owner that was unwanted before it came: %d sent away, left %d times", n, late.left.Load())
		}
		d.Own(late)
		if late.left.Load() != 2 {
			t.Error("an owner of a session that has ended is not told")
		}
		c.Close(signal.Gone, "")
		if good.left.Load() != 1 || gone.left.Load() != 0 || b.Stats().Sessions != 1 {
			t.Errorf("the owner left %d times, the one before %d; %d sessions", good.left.Load(), gone.left.Load(), b.Stats().Sessions)
		}
	})
}
