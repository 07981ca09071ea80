package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/hub/signal"
	"rowcast/internal/hub/stream"
	"rowcast/internal/view"
)

// Request asks to join a tenant.
type Request struct {
	Tenant string
	// Subject is who asks, for a fair share of the history among the members of the
	// tenant, Subjects all that this is to rows that are for somebody.
	Subject  string
	Subjects []view.Subject
	// Cursor, if not empty, is the text of the cursor to continue from.
	Cursor string
	// ResumeOnly refuses to join where the stream cannot continue from the cursor:
	// Joined then has a Reason, and nothing follows.
	ResumeOnly bool
	// Encoder is the one of Options.Encoders for the events; nil is that of the session.
	Encoder signal.Encoder
	// Admit lets events pass by name; nil lets all.
	Admit func(name string) bool
	// See makes the view of the events by the rules as they are when it is called: before the
	// answer, and when the rules have changed. Nil is everything. It must neither block
	// nor call the session.
	See func() (*view.View, *Refused)
	// Forgets says that the client keeps no cursor: it is sent Reset before it is
	// closed as a slow consumer.
	Forgets bool
	// Ref comes back with the signal Joined, and so does Note.
	RequestID uint64
	Note      *signal.Note
}

// maxWaiting is how many requests to join one tenant may wait for their answer.
const maxWaiting = 100

// Refused says why there is no view.
type Refused struct {
	Code   errcode.Code
	Detail string
}

func (r *Refused) Error() string { return string(r.Code) + ": " + r.Detail }

// Join subscribes to a tenant. The answer is a signal: Joined, followed by
// Reset if the stream cannot continue from the cursor, then by the events. The
// errors are ErrTooManyTenants, ErrTenantFull, ErrTooManyViews, ErrTooManyJoins, a *Refused, and one for an encoder that
// the hub does not know. Joining a tenant again continues from the
// cursor of the request, or without one from where the stream is.
func (s *Session) Join(q Request) error {
	encoder, err := s.h.Encoder(q.Encoder, s.encoder)
	if err != nil {
		return err
	}
	u := &sub{
		s: s, tenant: q.Tenant, subject: q.Subject, filter: ring.Filter{Admit: q.Admit, Subjects: q.Subjects}, requestIDs: []uint64{q.RequestID},
		kind: stream.Kind{Encoder: encoder}, see: q.See, resumeOnly: q.ResumeOnly, forgets: q.Forgets, note: q.Note,
	}
	if q.Cursor != "" {
		at, err := feed.ParseCursor(q.Cursor)
		if err != nil {
			u.reset = feed.ErrInvalid.Error()
		} else {
			at.Epoch = strings.Clone(at.Epoch)
			u.tag, at.Tag = strings.Clone(at.Tag), ""
			u.cursor, u.resume = at, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	i := s.indexLocked(q.Tenant)
	if i >= 0 && q.Cursor == "" {
		u.followLocked(s.subs[i])
	}
	if refused := u.lookLocked(); refused != nil {
		return refused
	}
	if s.h.Streams.Full(q.Tenant, u.kind.View) {
		return ErrTooManyViews
	}
	if i >= 0 {
		old := s.subs[i]
		if !old.answered {
			if len(old.requestIDs) >= maxWaiting {
				return ErrTooManyJoins
			}
			u.requestIDs = append(slices.Clone(old.requestIDs), u.requestIDs...)
		}
		old.dropLocked()
		s.subs[i] = u
	} else {
		if len(s.subs) >= s.h.MaxTenants {
			return ErrTooManyTenants
		}
		if s.h.Streams.Users(q.Tenant) >= s.h.MaxPerTenant {
			return ErrTenantFull
		}
		u.tenant = strings.Clone(q.Tenant)
		s.subs = append(s.subs, u)
	}
	u.startLocked()
	return nil
}

// followLocked makes u continue where old is.
func (u *sub) followLocked(old *sub) {
	u.resume, u.cursor, u.tag, u.reset, u.retry = old.resume || old.state == live, old.currentLocked(), old.tag, old.reset, old.retry
}

// lookLocked makes the view by the rules as they are. A cursor of another one does not say
// what the client has of this one: then the stream continues from its head, with a reset.
func (u *sub) lookLocked() *Refused {
	u.kind.Rules = u.s.h.Streams.Rules() // before the view, which may then be newer
	if u.see == nil {
		return nil
	}
	v, refused := u.see()
	if refused != nil {
		return refused
	}
	u.kind.View = v
	if u.resume && u.tag != feed.AnyTag && u.tag != v.Tag() && !failpoint.Leaks(failpoint.AnyCursor) {
		u.reset, u.resume = feed.ErrPolicy.Error(), false
	}
	u.tag = v.Tag()
	return nil
}

// LookAgain has those subscriptions begin anew whose view is another one now.
func (s *Session) LookAgain() { s.Restart(nil, "", 0) }

// Restart has the subscriptions that are on t, or all if t is nil, join again:
// from where they are, or if reset says why not, from the new head. Clients whose view is
// another one are reset, and asked to wait for a while of their own, within spread.
func (s *Session) Restart(t *stream.Stream, reset string, spread time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range slices.Clone(s.subs) {
		if t != nil && old.t != nil && old.t != t {
			continue
		}
		u := &sub{
			s: s, tenant: old.tenant, subject: old.subject, filter: old.filter, requestIDs: old.requestIDs,
			kind: old.kind, see: old.see, resumeOnly: old.resumeOnly, forgets: old.forgets, note: old.note, answered: old.answered,
		}
		u.followLocked(old)
		wait := rand.N(max(spread, 1))
		if refused := u.lookLocked(); refused != nil {
			s.endLocked(refused, wait)
			return
		}
		if u.reset == feed.ErrPolicy.Error() && old.reset == "" {
			u.retry = wait
		}
		if reset != "" && old.answered {
			u.reset, u.resume = reset, false
		}
		old.dropLocked()
		if u.answered {
			s.h.Count.Subscriptions.Add(1)
		}
		s.subs[s.indexLocked(old.tenant)] = u
		if u.startLocked(); s.closing {
			return
		}
	}
}

// endLocked ends a session that has no view any more.
func (s *Session) endLocked(why *Refused, wait time.Duration) {
	detail := why.Detail
	if wait > 0 {
		detail = fmt.Sprintf("retry=%dms", wait.Milliseconds())
	}
	s.closeLocked(why.Code, s.h.Encoders[s.encoder].AppendClose(nil, why.Code, detail))
}

// rewindLocked makes u continue from the history, as the ring no longer holds what
// follows after u.at. s.mu held, live.
func (u *sub) rewindLocked() {
	u.t.Unfollow(u)
	u.state, u.resume = joining, true
	u.proceedLocked()
}

// startLocked joins at once if the ring is ready and holds the cursor, else in a
// goroutine.
func (u *sub) startLocked() {
	h := u.s.h
	if t, ready := h.Streams.Attach(u.tenant, u.kind.Encoder, false); t != nil {
		u.t = t
		if ready && u.spliceLocked() == nil {
			return
		}
	}
	u.proceedLocked()
}

// proceedLocked joins in a goroutine.
func (u *sub) proceedLocked() {
	ctx, cancel := context.WithCancel(u.s.h.Context())
	u.cancel = cancel
	if !u.s.h.Spawn(func() { u.run(ctx) }) {
		cancel()
	}
}

// run joins, with the help of the history where the ring does not reach.
func (u *sub) run(ctx context.Context) {
	defer u.cancel()
	h := u.s.h
	if u.t == nil && !u.find(ctx) {
		return
	}
	select {
	case <-u.t.Ready():
	case <-ctx.Done():
		return
	}
	for pause := 100 * time.Millisecond; ; {
		u.s.mu.Lock()
		var grown <-chan struct{}
		if u.state == joining {
			grown = u.spliceLocked()
		}
		u.s.mu.Unlock()
		if grown == nil || !u.turn(ctx) {
			return
		}
		more, err := u.catchUp(ctx)
		u.yield()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, feed.ErrExpired):
			u.interrupt(feed.ErrExpired)
		case errors.Is(err, feed.ErrDiverged):
			u.interrupt(feed.ErrDiverged)
		case errors.Is(err, stream.ErrOutdated): // spliceLocked makes another view
		case err != nil:
			h.Log.WarnContext(ctx, "read history", slog.String("tenant", u.tenant), slog.Any("error", err))
			sleep(ctx, pause)
			pause = min(2*pause, 5*time.Second)
		case !more: // the ring is behind the history
			u.t.Await(ctx, grown, u.cursor.Position+int64(min(u.cursor.Delivered, 1)))
		}
	}
}

// interrupt makes u continue from the head, with a reset.
func (u *sub) interrupt(reason error) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.reset = reason.Error()
}

// find waits for the tail to be live and attaches u to its tenant.
func (u *sub) find(ctx context.Context) bool {
	for {
		if u.s.h.Streams.AwaitLive(ctx) != nil {
			return false
		}
		t, _ := u.s.h.Streams.Attach(u.tenant, u.kind.Encoder, true)
		u.s.mu.Lock()
		switch {
		case t != nil && u.state == gone:
			t.Release()
		case t != nil:
			u.t, u.tenant = t, t.Name()
		}
		gone := u.state == gone
		u.s.mu.Unlock()
		if t != nil || gone || u.s.h.Context().Err() != nil {
			return t != nil && !gone
		}
	}
}

// spliceLocked makes u live if the ring holds its cursor, and writes what it is
// behind. Else it returns a channel that is closed when the ring has grown.
// s.mu held.
func (u *sub) spliceLocked() (grown <-chan struct{}) {
	if u.refuseLocked() {
		return nil
	}
	t, h := u.t, u.s.h
	var (
		from *feed.Cursor
		p    stream.Start
		err  = stream.ErrOutdated
	)
	for errors.Is(err, stream.ErrOutdated) {
		if u.resume && u.reset == "" {
			from = &u.cursor
		}
		if p, err = t.Follow(u.kind, from, u); !errors.Is(err, stream.ErrOutdated) {
			break
		}
		if refused := u.lookLocked(); refused != nil {
			u.s.endLocked(refused, 0)
			return nil
		}
		if from = nil; u.refuseLocked() {
			return nil
		}
	}
	switch {
	case errors.Is(err, stream.ErrElsewhere):
		return p.Grown
	case err != nil:
		u.reset, from = err.Error(), nil
		if u.refuseLocked() {
			return nil
		}
		if p, err = t.Follow(u.kind, nil, u); err != nil { // the rules have just changed
			return u.spliceLocked()
		}
	}
	if from == nil {
		u.cursor = p.Cursor
	}
	u.owesStats = from != nil && h.DashboardEvent != nil
	u.cursor.Epoch, u.tenant, u.next = p.Cursor.Epoch, t.Name(), failpoint.Resume(p.Next, p.Window.End())
	u.state, u.even = live, false
	u.answerLocked()
	if u.state == live && !u.s.busy {
		var scratch []byte
		h.Count.Deliveries.Add(int64(u.s.deliverLocked(u, &p.Window, &scratch)))
	}
	return nil
}

// refuseLocked ends u if it is to be exact and cannot. s.mu held, joining.
func (u *sub) refuseLocked() bool {
	if !u.resumeOnly || u.answered || u.reset == "" {
		return false
	}
	s := u.s
	u.dropLocked()
	s.subs = slices.DeleteFunc(s.subs, func(o *sub) bool { return o == u })
	for _, requestID := range u.requestIDs {
		s.signalLocked(&signal.Signal{Kind: signal.Joined, Tenant: u.tenant, Cursor: u.tagged(u.cursor), Reason: u.reset, RequestID: requestID, Note: u.note})
	}
	return true
}

// answerLocked sends the client from where its stream continues.
func (u *sub) answerLocked() {
	if !u.answered {
		requestIDs := u.requestIDs
		u.answered, u.requestIDs = true, nil
		u.s.h.Count.Subscriptions.Add(1)
		for _, requestID := range requestIDs {
			u.s.signalLocked(&signal.Signal{Kind: signal.Joined, Tenant: u.tenant, Cursor: u.tagged(u.cursor), Reason: u.reset, RequestID: requestID, Note: u.note})
		}
	}
	if u.reset != "" {
		u.s.h.Count.Resets.Add(1)
		u.s.signalLocked(&signal.Signal{Kind: signal.Reset, Tenant: u.tenant, Cursor: u.tagged(u.cursor), Reason: u.reset, RetryAfter: u.retry})
		u.reset, u.retry = "", 0
	}
}
