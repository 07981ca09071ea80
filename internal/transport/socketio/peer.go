package socketio

import (
	"sync"

	"golang.org/x/time/rate"

	"rowcast/internal/access/auth"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socketio"
)

// peer is one client: the outbox of its session, and what it may do.
type peer struct {
	h       *Handler
	session *session.Session
	client  *transport.Client
	// offer is the credentials of the handshake, prior what its ticket was good for.
	offer transport.Offer
	prior *auth.Identity
	limit *rate.Limiter
	// meta: unless it says otherwise when it joins, it gets what is said about events.
	meta bool

	// mu guards the rest. It is taken with the lock of the session held, and
	// the session is not called with it.
	mu sync.Mutex
	// asked are the requests to join that are not answered, by their number.
	asked map[uint64]request
	last  uint64
	// tenant is that in which the client may ask for what it missed, so that it
	// receives offsets, cursors in it; empty if it may not.
	tenant string
	// filtered: it has not joined that for every event, so that no offset is of use.
	filtered bool
	// encoder is that by which it has joined.
	encoder Encoder
}

// request is a request to join.
type request struct {
	tenant   string
	ack      *socketio.Ack
	filtered bool
	encoder  Encoder
	// recovering, if not nil, waits to be accepted with pid.
	recovering *socketio.Socket
	pid        string
}

// Send implements engineio.Outbox.
func (p *peer) Send(frames []byte) { p.session.Send(frames) }

// Close implements engineio.Outbox.
func (p *peer) Close(last []byte) { p.session.Close(signal.Gone, "", last...) }

// ask notes a request, and returns its number.
func (p *peer) ask(q request) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = make(map[uint64]request)
	}
	p.last++
	p.asked[p.last] = q
	return p.last
}

// answer takes a request that is answered. recovers says whether it is for the tenant
// in which the client may recover.
func (p *peer) answer(number uint64) (q request, recovers bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q = p.asked[number]
	if delete(p.asked, number); len(p.asked) == 0 {
		p.asked = nil
	}
	if recovers = p.tenant != "" && p.tenant == q.tenant; recovers {
		p.filtered, p.encoder = q.filtered, q.encoder
	}
	return q, recovers
}

// abandon takes the requests for a tenant that was left before it was joined.
func (p *peer) abandon(tenant string) (acks []*socketio.Ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for number, q := range p.asked {
		if q.tenant == tenant {
			acks = append(acks, q.ack)
			delete(p.asked, number)
		}
	}
	return acks
}

// forget has nothing more said of what the client asked for, as it has left.
func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.tenant = nil, ""
}

// offersOffsets says whether the client receives offsets of a tenant, and by which
// encoder.
func (p *peer) offersOffsets(tenant string) (Encoder, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.encoder, p.tenant != "" && !p.filtered && tenant == p.tenant
}

// recover says in which tenant the client may recover, none if it is empty.
func (p *peer) recover(tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tenant = tenant
}

// hear notes a message of the client. It returns false if there were too many.
func (p *peer) hear() bool {
	if p.limit == nil {
		p.limit = rate.NewLimiter(p.h.opts.Rate, p.h.opts.Burst)
	}
	if !p.limit.Allow() {
		p.session.Close(transport.RateLimited, "")
		return false
	}
	return true
}
