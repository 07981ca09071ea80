package hub

import (
	"context"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/hub/stream"
)

// How long a subscription may go without telling its cursor. The sweep that
// looks is up to a second late at both ends.
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
	// admit lets events pass by name; nil lets all.
	admit func(name string) bool
	// note is that of the Request.
	note *Note
	// requestIDs are those of the requests that Joined has yet to answer.
	requestIDs []uint64
	// cursor is that to continue from, if resume is set: what the client has
	// while joining, and while live and busy. Else the ring knows better.
	cursor feed.Cursor
	// reset, if not empty, is why the client has to reload its state.
	reset string
	// next is the index of the first entry that the client has not received.
	next int64
	// lastTold is when the client was last told its cursor, by the clock of the hub.
	lastTold time.Duration

	t      *stream.Stream
	handle stream.Handle
	cancel context.CancelFunc

	encoder int
	state   subState
	// answered: the client has been told Joined.
	answered, resume bool
	// resumeOnly and forgets are those of the Request.
	resumeOnly, forgets bool
	// owesStats: the client gets a dashboard event when it is caught up, as it may have
	// missed one.
	owesStats bool
	// wrote: something was written since the last sweep. withheld: what came
	// after the last event written was not for the client.
	wrote, withheld bool
}

// dropLocked ends u.
func (u *sub) dropLocked() {
	if u.cancel != nil {
		u.cancel()
	}
	if u.state == live {
		u.t.Unfollow(u.encoder, u)
	}
	if u.answered && u.state != gone {
		u.s.h.count.subscriptions.Add(-1)
	}
	u.state = gone
	if u.t != nil {
		u.t.Release()
	}
}

// Handle implements stream.Follower.
func (u *sub) Handle() *stream.Handle { return &u.handle }

// Offer implements stream.Follower.
func (u *sub) Offer(v *ring.View, scratch *[]byte) (events int) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.state == live && !s.busy && !s.closing {
		events = s.deliverLocked(u, v, scratch)
	}
	return events
}

// viewLocked is the ring as it is now. u is live.
func (u *sub) viewLocked() ring.View { return u.t.View(u.encoder) }

// receivedLocked is what the client has received of v. u is live.
func (u *sub) receivedLocked(v *ring.View) feed.Cursor {
	return v.At(u.next - 1).Cursor(u.cursor.Epoch)
}

// currentLocked is the cursor of the client.
func (u *sub) currentLocked() feed.Cursor {
	if u.state == live {
		if v := u.viewLocked(); v.Holds(u.next) {
			return u.receivedLocked(&v)
		}
	}
	return u.cursor
}

// admits says whether an entry is for the client.
func (u *sub) admits(e *ring.Entry) bool {
	return e.Name != "" && (u.admit == nil || u.admit(e.Name))
}

// chunkLocked is what u may write of v: the admitted frames of the entries from next up to
// to. Frames that lie apart are gathered in scratch. count is the
// number of frames.
func (u *sub) chunkLocked(v *ring.View, next int64, scratch *[]byte, limit int) (b []byte, to int64, count int) {
	if u.admit == nil {
		b, to = v.Span(next, limit)
		for i := next; i < to; i++ {
			if v.At(i).Name != "" {
				count++
			}
		}
		u.withheld = v.At(to-1).Name == ""
		return b, to, count
	}
	gathered, adjacent := false, false
	to = next
	for ; to < v.End(); to++ {
		e := v.At(to)
		if u.withheld = !u.admits(e); u.withheld {
			adjacent = false
			continue
		}
		f := v.Frame(to)
		if count > 0 && len(b)+len(f) > min(limit, writeSize) {
			break
		}
		switch {
		case count == 0:
			b = f
		case adjacent && !gathered && len(f) <= cap(b)-len(b):
			b = b[:len(b)+len(f)]
		default:
			if !gathered {
				*scratch = append((*scratch)[:0], b...)
				gathered = true
			}
			*scratch = append(*scratch, f...)
			b = *scratch
		}
		adjacent = true
		count++
	}
	return b, to, count
}

// cutLocked moves u behind the first n bytes of a chunk that ends at to, and behind
// the frame that the connection took in part. rest is the end of that frame,
// count the number of frames.
func (u *sub) cutLocked(v *ring.View, to int64, n int) (rest []byte, count int) {
	for ; u.next < to; u.next++ {
		if !u.admits(v.At(u.next)) {
			continue
		}
		f := v.Frame(u.next)
		if n < len(f) {
			if n > 0 {
				u.next++
				count++
				rest = f[n:]
			}
			break
		}
		n -= len(f)
		count++
	}
	if count > 0 {
		u.wrote = true
	}
	return rest, count
}

// settleLocked sends the dashboard event that u owes. u is live, and u.next at
// the end of v.
func (u *sub) settleLocked(v *ring.View) {
	if !u.owesStats {
		return
	}
	u.owesStats = false
	h, last := u.s.h, v.At(u.next-1)
	e := h.opts.DashboardEvent(u.tenant, nil,
		feed.Head{Epoch: u.cursor.Epoch, Position: last.Position, Nonce: last.Nonce}, time.Now())
	if u.admit != nil && !u.admit(e.Name) {
		return
	}
	u.wrote = true
	h.count.deliveries.Add(1)
	u.s.sendLocked(h.opts.Encoders[u.encoder].AppendEvent(nil, &e), true)
}

// sweepLocked tells the client its cursor if that is due. u is live, and s not busy.
func (u *sub) sweepLocked(now time.Duration) {
	if u.wrote || u.lastTold == 0 {
		u.wrote = false
		u.lastTold = now
		return
	}
	since := now - u.lastTold
	if since < progressIdle && (!u.withheld || since < progressSkipped) {
		return
	}
	u.progressLocked(now)
}

// progressLocked tells the client its cursor. u is answered.
func (u *sub) progressLocked(now time.Duration) {
	u.lastTold, u.withheld = now, false
	u.s.signalLocked(&Signal{Kind: Progress, Tenant: u.tenant, Cursor: u.currentLocked()})
}
