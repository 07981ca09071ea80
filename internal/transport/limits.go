package transport

import (
	"cmp"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"rowcast/internal/limit"
)

const (
	// defaultMost is the default of LimitOptions.PerAddress and PerSubject.
	defaultMost = 20_000
	// refill is in how many seconds an address may shake hands as often as it
	// may have connections.
	refill = 20
	// fewest is how often any address may shake hands at once.
	fewest = 100
	// retryFull is when an address that has all its connections may try again.
	retryFull = 5 * time.Second
)

// LimitOptions configures Limits.
type LimitOptions struct {
	// Addresses says which client a request comes from.
	Addresses limit.Addresses
	// PerAddress bounds the connections of one address, and with them how often
	// it may shake hands: as many times at once, and a twentieth of it a second,
	// but 100 times and 5 a second at least.
	// PerSubject bounds those of one subject. Default: 20,000 each.
	PerAddress, PerSubject int
	// Refusals is told whom Guard refuses. Nil: nobody is.
	Refusals *Refusals
}

// Limits bounds what one address and one subject may have, over all transports.
// Nil bounds nothing.
type Limits struct {
	of         limit.Addresses
	handshakes *limit.Rates
	addresses  *limit.Places[netip.Addr]
	subjects   *limit.Places[string]
	refusals   *Refusals
}

// NewLimits makes the limits.
func NewLimits(o LimitOptions) *Limits {
	o.PerAddress = cmp.Or(o.PerAddress, defaultMost)
	handshakes := max(o.PerAddress, fewest)
	return &Limits{
		of:         o.Addresses,
		handshakes: limit.NewRates(handshakes/refill, handshakes),
		addresses:  limit.NewPlaces[netip.Addr](o.PerAddress),
		subjects:   limit.NewPlaces[string](cmp.Or(o.PerSubject, defaultMost)),
		refusals:   o.Refusals,
	}
}

// Guard refuses requests of clients that send too many. The requests that belong
// to a session of Engine.IO are not counted: its messages are.
func (l *Limits) Guard(next http.Handler) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := l.of.Of(r)
		if client.IsValid() && !r.URL.Query().Has("sid") {
			if wait, ok := l.handshakes.Allow(client, time.Now()); !ok {
				refused := &Problem{
					Status: http.StatusTooManyRequests, Code: RateLimited, Retry: max(wait, retrySoon), About: "address",
					Detail: "this address sends too many requests; try again later",
				}
				l.refusals.Note(r.Context(), r, refused)
				refused.Write(w)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Seat is the place of one connection. It is safe for concurrent use, and nil
// where nothing is bounded.
type Seat struct {
	limits  *Limits
	address netip.Addr

	mu      sync.Mutex
	subject string
	left    bool
}

// Seat takes a place for the connection that a request makes. Who gets one
// without a Problem leaves it.
func (l *Limits) Seat(r *http.Request) (*Seat, *Problem) {
	if l == nil {
		return nil, nil
	}
	client := l.of.Of(r)
	if client.IsValid() && !l.addresses.Take(client) {
		return nil, &Problem{
			Status: http.StatusTooManyRequests, Code: LimitExceeded, Retry: retryFull, About: "address",
			Detail: "this address has as many connections as it may have; close one, or try again later",
		}
	}
	return &Seat{limits: l, address: client}, nil
}

// Sit says of which subject the connection is. It is false, and nothing has
// changed, if that has as many connections as it may have.
func (s *Seat) Sit(subject string) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left || s.subject == subject {
		return true
	}
	if !s.limits.subjects.Take(subject) {
		return false
	}
	if s.subject != "" {
		s.limits.subjects.Leave(s.subject)
	}
	s.subject = subject
	return true
}

// Leave gives the place back, once.
func (s *Seat) Leave() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		return
	}
	s.left = true
	if s.address.IsValid() {
		s.limits.addresses.Leave(s.address)
	}
	if s.subject != "" {
		s.limits.subjects.Leave(s.subject)
	}
}
