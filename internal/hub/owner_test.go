package hub_test

import (
	"sync/atomic"
	"testing"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/signal"
)

// owner is refused once it says so.
type owner struct {
	refused atomic.Bool
	left    atomic.Int64
}

func (o *owner) Check() errcode.Code {
	if o.refused.Load() {
		return "revoked"
	}
	return ""
}

func (o *owner) Left() { o.left.Add(1) }

func TestRefusedOwnersAreSentAway(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		bad, good, late, gone := new(owner), new(owner), new(owner), new(owner)
		a, c, d := b.open(t, newConn(unlimited)), b.open(t, newConn(unlimited)), b.open(t, newConn(unlimited))
		b.open(t, newConn(unlimited)) // belongs to nobody
		a.Own(bad)
		c.Own(gone) // replaced, so it hears nothing more
		c.Own(good)
		b.Recheck()
		bad.refused.Store(true)
		gone.refused.Store(true)
		b.Recheck()
		if n := b.Stats().Closes["revoked"]; n != 1 || bad.left.Load() != 1 || good.left.Load() != 0 {
			t.Errorf("%d sessions are sent away; the refused owner left %d times, the other %d", n, bad.left.Load(), good.left.Load())
		}
		late.refused.Store(true)
		d.Own(late)
		if n := b.Stats().Closes["revoked"]; n != 2 || late.left.Load() != 1 {
			t.Errorf("an owner that was refused before it came: %d sent away, left %d times", n, late.left.Load())
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
