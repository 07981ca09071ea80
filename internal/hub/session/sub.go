package session

import (
	"context"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/hub/signal"
	"rowcast/internal/hub/stream"
	"rowcast/internal/view"
)

// How long a subscription may go without sending its cursor: after what was not for the
// client, and otherwise. What the policy alone withholds is no reason to hurry. The sweep
// that looks is up to a second late at both ends.
const (
	progressSkipped = 8 * time.Second
	progressIdle    = 58 * time.Second
)

// subState says where a subscription is.
type subState byte

const (
	joining subState = iota // waits for the tail, the ring or the history
	live                    // a cursor on the ring
	gone
)

// sub is the subscription of a session to a tenant. The mutex of the session
// guards it, but for handle, which belongs to the stream.
type sub struct {
	s      *Session
	tenant string
	// subject is that of the Request.
	subject string
	// filter is what the client gets of what the stream has.
	filter ring.Filter
	// note is that of the Request.
	note *signal.Note
	// refs are those of the requests that Joined has yet to answer.
	requestIDs []uint64
	// at is the cursor to continue from, if resume is set: what the client has
	// while joining, and while live and busy. Else the ring knows better.
	cursor feed.Cursor
	// tag names the view for which the cursor is.
	tag string
	// reset, if not empty, is why the client has to reload its state, and retry how long
	// it is to wait before it does.
	reset string
	retry time.Duration
	// next is the index of the first entry that the client has not received.
	next int64
	// lastSent is when the client last received its cursor.
	lastSent time.Duration

	t      *stream.Stream
	handle stream.Handle
	cancel context.CancelFunc

	kind stream.Kind
	// see is that of the Request.
	see   func() (*view.View, *Refused)
	state subState
	// answered: the client has been sent Joined.
	answered, resume bool
	// exact and forgets are those of the Request.
	resumeOnly, forgets bool
	// owes: the client gets a dashboard event when it is caught up, as it may have
	// missed one.
	owesStats bool
	// moved: something was written since the last sweep. withheld: what came
	// after the last event written was not for the client.
	wrote, withheld bool
	// even: the client has been given all that the followers were offered.
	even bool
}

// dropLocked ends u.
func (u *sub) dropLocked() {
	if u.cancel != nil {
		u.cancel()
	}
	if u.state == live {
		u.t.Unfollow(u)
	}
	if u.answered && u.state != gone {
		u.s.h.Count.Subscriptions.Add(-1)
	}
	u.state = gone
	if u.t != nil {
		u.t.Release()
	}
}

// Handle implements stream.Follower.
func (u *sub) Handle() *stream.Handle { return &u.handle }

// Subjects implements stream.Follower.
func (u *sub) Subjects() []view.Subject { return u.filter.Subjects }

// Offer implements stream.Follower.
func (u *sub) Offer(v *ring.Window, scratch *[]byte) (events int) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.state == live && !s.busy && !s.closing {
		u.passLocked(v)
		events = s.deliverLocked(u, v, scratch)
	}
	return events
}

// windowLocked is the ring as it is now. s.mu held, live.
func (u *sub) windowLocked() ring.Window { return u.t.Window(u) }

// passLocked moves u behind what was for others: all that followers were offered has been
// taken by a session that is not busy, or was not offered to it. One that is just being
// given what it is behind stays where it is. s.mu held, live, not busy.
func (u *sub) passLocked(v *ring.Window) {
	if u.even {
		u.next = max(u.next, v.Passed())
	}
}

// receivedLocked is what the client has received of v. s.mu held, live.
func (u *sub) receivedLocked(v *ring.Window) feed.Cursor {
	return v.At(u.next - 1).Cursor(u.cursor.Epoch)
}

// currentLocked is the cursor of the client.
func (u *sub) currentLocked() feed.Cursor {
	if u.state == live {
		v := u.windowLocked()
		if !u.s.busy {
			u.passLocked(&v)
		}
		if v.Holds(u.next) {
			return u.receivedLocked(&v)
		}
	}
	return u.cursor
}

// tagged is a cursor as it is sent to the client.
func (u *sub) tagged(c feed.Cursor) feed.Cursor {
	c.Tag = u.tag
	return c
}

// chunkLocked is what u may write of v: the admitted frames of the entries from next up to
// to, see ring.Window.Pick.
func (u *sub) chunkLocked(v *ring.Window, next int64, scratch *[]byte, limit int) (b []byte, to int64, count int) {
	b, to, count, u.withheld = v.Pick(next, &u.filter, scratch, limit, writeSize)
	return b, to, count
}

// cutLocked moves u behind the first n bytes of a chunk that ends at to, and behind
// the frame that the connection took in part. rest is the end of that frame,
// count the number of frames.
func (u *sub) cutLocked(v *ring.Window, to int64, n int) (rest []byte, count int) {
	u.next, rest, count = v.Cut(u.next, to, &u.filter, n)
	if count > 0 {
		u.wrote = true
	}
	return rest, count
}

// settleLocked notes that u has been given all of v, and sends the dashboard event that
// it owes. u is live, and u.next at the end of v.
func (u *sub) settleLocked(v *ring.Window) {
	u.even = true
	if !u.owesStats {
		return
	}
	u.owesStats = false
	h, last := u.s.h, v.At(u.next-1)
	reasons := h.DashboardReasons(u.kind.View.Hides)
	if len(reasons) == 0 {
		return
	}
	e := h.DashboardEvent(u.tenant, reasons,
		feed.Head{Epoch: u.cursor.Epoch, Position: last.Position, Nonce: last.Nonce}, time.Now())
	if u.filter.Admit != nil && !u.filter.Admit(e.Name) {
		return
	}
	u.wrote = true
	e.Cursor.Tag = u.tag
	h.Count.Deliveries.Add(1)
	u.s.sendLocked(h.Encoders[u.kind.Encoder].AppendEvent(nil, &e), true)
}

// sweepLocked sends the client its cursor if that is due. s.mu held, live, not busy.
func (u *sub) sweepLocked(now time.Duration) {
	v := u.windowLocked()
	u.withheld = u.withheld || u.even && u.next <= v.Hole()
	u.passLocked(&v)
	if u.wrote || u.lastSent == 0 {
		u.wrote = false
		u.lastSent = now
		return
	}
	lastSent := now - u.lastSent
	ruled := u.kind.View.Tag() != "" && !u.kind.View.Filters() && u.filter.Admit == nil
	if lastSent < progressIdle && (!u.withheld || ruled || lastSent < progressSkipped) {
		return
	}
	u.progressLocked(now)
}

// progressLocked sends the client its cursor. s.mu held, answered.
func (u *sub) progressLocked(now time.Duration) {
	u.lastSent, u.withheld = now, false
	u.s.signalLocked(&signal.Signal{Kind: signal.Progress, Tenant: u.tenant, Cursor: u.tagged(u.currentLocked())})
}
