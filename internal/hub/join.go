package hub

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
	"rowcast/internal/hub/stream"
)

// Request asks to join a tenant.
type Request struct {
	Tenant string
	// Subject is who asks, for a fair share of the history among the members of the
	// tenant.
	Subject string
	// Cursor, if not empty, is the text of the cursor to continue from.
	Cursor string
	// Exact refuses to join where the stream cannot continue from the cursor:
	// Joined then has a Reason, and nothing follows.
	Exact bool
	// Wire is the index in Options.Wires of the one for the events.
	Wire int
	// Admit lets events pass by name; nil lets all.
	Admit func(name string) bool
	// Ref comes back with the signal Joined.
	Ref uint64
}

// maxWaiting is how many requests to join one tenant may wait for their answer.
const maxWaiting = 100

// Join subscribes to a tenant. The answer is a signal: Joined, followed by
// Reset if the stream cannot continue from the cursor, then by the events. The
// errors are ErrTooManyTenants, ErrTenantFull and ErrTooManyJoins. Joining a tenant again continues from the
// cursor of the request, or without one from where the stream is.
func (s *Session) Join(q Request) error {
	u := &sub{s: s, tenant: q.Tenant, subject: q.Subject, admit: q.Admit, refs: []uint64{q.Ref}, told: -1, wire: uint8(q.Wire), exact: q.Exact}
	if q.Cursor != "" {
		at, err := feed.ParseCursor(q.Cursor)
		if err != nil {
			u.reset = feed.ErrInvalid.Error()
		} else {
			at.Feed = strings.Clone(at.Feed)
			u.at, u.resume, u.owes = at, true, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	if i := s.index(q.Tenant); i >= 0 {
		old := s.subs[i]
		if q.Cursor == "" && !u.follow(old) {
			return nil
		}
		if !old.answered {
			if len(old.refs) >= maxWaiting {
				return ErrTooManyJoins
			}
			u.refs = append(slices.Clone(old.refs), u.refs...)
		}
		old.drop()
		s.subs[i] = u
	} else {
		if len(s.subs) >= s.h.opts.MaxTenants {
			return ErrTooManyTenants
		}
		if s.h.streams.Users(q.Tenant) >= s.h.opts.MaxPerTenant {
			return ErrTenantFull
		}
		u.tenant = strings.Clone(q.Tenant)
		s.subs = append(s.subs, u)
	}
	u.start()
	return nil
}

// follow has u continue where old is. It is false if that is not in the ring
// any more, which ends the session. s.mu held.
func (u *sub) follow(old *sub) bool {
	u.resume, u.at, u.reset, u.owes = old.resume, old.at, old.reset, old.owes
	if old.state != live {
		return true
	}
	v := old.view()
	if !v.Holds(old.next) {
		u.s.closeFor(SlowConsumer)
		return false
	}
	u.resume, u.at, u.reset = true, old.cursor(&v), ""
	return true
}

// restart has the subscriptions that are on t, or all if t is nil, join again:
// from where they are, or if reset says why not, from the new head.
func (s *Session) restart(t *stream.Tenant, reset string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range slices.Clone(s.subs) {
		if t != nil && old.t != nil && old.t != t {
			continue
		}
		u := &sub{s: s, tenant: old.tenant, subject: old.subject, admit: old.admit, told: -1, answered: old.answered, refs: old.refs, wire: old.wire, exact: old.exact}
		if !u.follow(old) {
			return
		}
		if reset != "" && old.answered {
			u.reset, u.resume = reset, false
		}
		old.drop()
		s.subs[s.index(old.tenant)] = u
		if u.start(); s.closing {
			return
		}
	}
}

// start joins at once if the ring is ready and holds the place, else in a
// goroutine. s.mu held.
func (u *sub) start() {
	h := u.s.h
	if t, ready := h.streams.Attach(u.tenant, int(u.wire), false); t != nil {
		u.t = t
		if ready && u.splice() == nil {
			return
		}
	}
	ctx, cancel := context.WithCancel(h.ctx)
	u.cancel = cancel
	if !h.spawn(func() { u.run(ctx) }) {
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
			grown = u.splice()
		}
		u.s.mu.Unlock()
		if grown == nil {
			return
		}
		read, err := h.pages.Get(ctx, page.Key{Tenant: u.tenant, After: u.at}, u.subject)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, feed.ErrExpired):
			u.interrupt(feed.ErrExpired)
		case errors.Is(err, feed.ErrDiverged):
			u.interrupt(feed.ErrDiverged)
		case err != nil:
			h.opts.Log.WarnContext(ctx, "read history", slog.String("tenant", u.tenant), slog.Any("error", err))
			sleep(ctx, pause)
			pause = min(2*pause, 5*time.Second)
		case len(read.Changes) == 0: // the ring is behind the history
			if u.write(ctx, nil, u.at) {
				u.t.Await(ctx, grown, u.at.Position+int64(min(u.at.Delivered, 1)))
			}
		default:
			u.replay(ctx, read.Changes)
		}
	}
}

// interrupt has u continue from the head, with a reset.
func (u *sub) interrupt(reason error) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.reset = reason.Error()
}

// find waits for the tail to be live and attaches u to its tenant.
func (u *sub) find(ctx context.Context) bool {
	for {
		if u.s.h.streams.AwaitLive(ctx) != nil {
			return false
		}
		t, _ := u.s.h.streams.Attach(u.tenant, int(u.wire), true)
		u.s.mu.Lock()
		switch {
		case t != nil && u.state == gone:
			t.Release()
		case t != nil:
			u.t, u.tenant = t, t.Name()
		}
		gone := u.state == gone
		u.s.mu.Unlock()
		if t != nil || gone || u.s.h.ctx.Err() != nil {
			return t != nil && !gone
		}
	}
}

// splice makes u live if the ring holds its place, and writes what it is
// behind. Else it answers a channel that is closed when the ring has grown.
// s.mu held.
func (u *sub) splice() (grown <-chan struct{}) {
	if u.refuse() {
		return nil
	}
	t, h := u.t, u.s.h
	var from *feed.Cursor
	if u.resume && u.reset == "" {
		from = &u.at
	}
	p, err := t.Follow(int(u.wire), from, u)
	switch {
	case errors.Is(err, stream.ErrElsewhere):
		return p.Grown
	case err != nil:
		u.reset, from = err.Error(), nil
		if u.refuse() {
			return nil
		}
		p, _ = t.Follow(int(u.wire), nil, u) // needs no cursor, so it cannot fail
	}
	if from == nil {
		u.at, u.owes = p.Cursor, false
	} else if u.at.Stats {
		u.told, u.owes = u.at.Position, false
	}
	u.owes = u.owes && h.opts.DashboardEvent != nil
	u.at.Feed, u.tenant, u.next = p.Cursor.Feed, t.Name(), failpoint.Resume(p.Next, p.View.End())
	u.state = live
	u.s.resuming = u.s.resuming || u.lag(&p.View) > int64(h.opts.SlowBytes)
	h.count.subscriptions.Add(1)
	u.answer()
	if u.state == live && !u.s.busy {
		var scratch []byte
		h.count.deliveries.Add(int64(u.s.deliver(u, &p.View, &scratch)))
	}
	u.s.resuming = u.s.resuming && u.s.busy
	return nil
}

// refuse ends u if it is to be exact and cannot. s.mu held, joining.
func (u *sub) refuse() bool {
	if !u.exact || u.answered || u.reset == "" {
		return false
	}
	s := u.s
	u.drop()
	s.subs = slices.DeleteFunc(s.subs, func(o *sub) bool { return o == u })
	for _, ref := range u.refs {
		s.signal(&Signal{Kind: Joined, Tenant: u.tenant, Cursor: u.at, Reason: u.reset, Ref: ref})
	}
	return true
}

// answer tells the client from where its stream continues. s.mu held.
func (u *sub) answer() {
	if !u.answered {
		refs := u.refs
		u.answered, u.refs = true, nil
		for _, ref := range refs {
			u.s.signal(&Signal{Kind: Joined, Tenant: u.tenant, Cursor: u.at, Reason: u.reset, Ref: ref})
		}
	}
	if u.reset != "" {
		u.s.h.count.resets.Add(1)
		u.s.signal(&Signal{Kind: Reset, Tenant: u.tenant, Cursor: u.at, Reason: u.reset})
		u.reset = ""
	}
}

// replay writes the events of changes that follow after u.at.
func (u *sub) replay(ctx context.Context, changes []feed.Change) {
	h := u.s.h
	wire := h.opts.Wires[u.wire]
	var events []feed.Event
	var buf []byte
	at, hole := u.at, false
	for i := range changes {
		c := &changes[i]
		if hole = c.From > at.Position+1; hole {
			h.opts.Log.ErrorContext(ctx, "history has a hole", slog.String("tenant", u.tenant),
				slog.Int64("after", at.Position), slog.Int64("from", c.From))
			break
		}
		events = h.opts.Map(events[:0], c)
		had := min(at.Delivered, len(events))
		if c.Bulk { // the client has a part of its first row, from where every row is told
			had = 0
		}
		for k := had; k < len(events); k++ {
			if u.admit == nil || u.admit(events[k].Name) {
				buf = wire.AppendEvent(buf, &events[k])
				h.count.deliveries.Add(1)
			}
		}
		at = feed.Cursor{Feed: c.Feed, Position: c.Position, Nonce: c.Nonce}
		if len(buf) >= writeSize {
			if !u.write(ctx, buf, at) {
				return
			}
			buf = buf[:0]
		}
	}
	if !u.write(ctx, buf, at) {
		return
	}
	h.count.catchUps.Add(1)
	if hole {
		u.interrupt(feed.ErrDiverged)
	}
}

// write hands over frames after which the client is at at. It waits until the
// client has taken the ones before, and is false if u is not joining any more.
func (u *sub) write(ctx context.Context, frames []byte, at feed.Cursor) bool {
	s := u.s
	s.mu.Lock()
	for u.state == joining && s.busy && len(s.pending) > 0 {
		if s.space == nil {
			s.space = make(chan struct{})
		}
		space := s.space
		s.mu.Unlock()
		select {
		case <-space:
		case <-ctx.Done():
			return false
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if u.state != joining {
		return false
	}
	u.answer()
	s.send(frames, false)
	u.owes = u.owes || u.at != at
	u.at = at
	return !s.closing
}
