package transport

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"rowcast/internal/access/limit"
	"rowcast/internal/transport/refusal"
)

const (
	// defaultMost is the default of LimitOptions.PerAddress and PerSubject.
	defaultMost = 20_000
	// refill is in how many seconds an address may shake hands as often as it
	// may have connections.
	refill = 20
	// fewest is how often any address may shake hands at once.
	fewest = 100
	// socketsEach is how many connections a client may use before it has a feed, or
	// to poll one: one to receive, one to send.
	socketsEach = 2
	// retryFull is when an address that has all its connections may try again.
	retryFull = 5 * time.Second
	// proxyLogPause is the least time between two lines of the log about proxies that
	// nobody has named.
	proxyLogPause = time.Minute
)

// LimitOptions configures Limits.
type LimitOptions struct {
	// Addresses says which client a request comes from.
	Addresses limit.Addresses
	// PerAddress bounds the connections of one address, and with them how often
	// it may shake hands: as many times at once, and a twentieth of it a second,
	// but 100 times and 5 a second at least.
	// Of connections that are no feed it may have twice as many, 100 at least.
	// PerSubject bounds those of one subject. Default: 20,000 each.
	PerAddress, PerSubject int
	// Refusals counts the clients that Guard and Connect refuse. Default: those of its
	// own.
	Refusals *refusal.Log
	// Log receives the proxies that Addresses does not name. Default: discarded.
	Log *slog.Logger
}

// Limits bounds what one address and one subject may have, over all transports.
type Limits struct {
	of         limit.Addresses
	handshakes *limit.Rates[netip.Addr]
	// addresses has the sessions of each, sockets the connections that are none yet.
	addresses, sockets *limit.Quota[netip.Addr]
	subjects           *limit.Quota[string]
	refusals           *refusal.Log
	log                *slog.Logger

	// mu guards proxy, the last that forwarded a request without being named. forwarded
	// is when that was, and reported when it was logged.
	mu                  sync.Mutex
	proxy               netip.Addr
	forwarded, reported time.Time
}

// NewLimits makes the limits.
func NewLimits(o LimitOptions) *Limits {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Refusals == nil {
		o.Refusals = &refusal.Log{Codes: RefusalCodes()}
	}
	o.PerAddress = cmp.Or(o.PerAddress, defaultMost)
	handshakes := max(o.PerAddress, fewest)
	return &Limits{
		of:         o.Addresses,
		handshakes: limit.NewRates[netip.Addr](handshakes/refill, handshakes),
		addresses:  limit.NewQuota[netip.Addr](o.PerAddress),
		sockets:    limit.NewQuota[netip.Addr](max(socketsEach*o.PerAddress, fewest)),
		subjects:   limit.NewQuota[string](cmp.Or(o.PerSubject, defaultMost)),
		refusals:   o.Refusals,
		log:        o.Log,
	}
}

// Guard refuses requests of clients that send too many. The requests that belong
// to a session of Engine.IO are not counted: its messages are.
func (l *Limits) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if proxy, ok := l.of.Unnamed(r); ok {
			l.noteProxy(r.Context(), proxy)
		}
		client := l.of.Of(r)
		if client.IsValid() && !r.URL.Query().Has("sid") {
			if wait, ok := l.handshakes.Allow(client, time.Now()); !ok {
				refused := &Problem{
					Status: http.StatusTooManyRequests, Code: RateLimited, Retry: max(wait, retryShort), About: "address",
					Detail: "this address sends too many requests; try again later",
				}
				l.refusals.Note(r.Context(), r, refused.Reason())
				refused.Write(w)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// noteProxy remembers a proxy that forwards requests without being named, and logs it
// now and then.
func (l *Limits) noteProxy(ctx context.Context, proxy netip.Addr) {
	l.mu.Lock()
	now := time.Now()
	l.proxy, l.forwarded = proxy, now
	if !l.reported.IsZero() && now.Sub(l.reported) < proxyLogPause {
		l.mu.Unlock()
		return
	}
	l.reported = now
	l.mu.Unlock()
	l.log.WarnContext(ctx, "requests are forwarded by a proxy that is not named: limits per address cannot tell its clients apart",
		"proxy", proxy, "setting", "ROWCAST_TRUSTED_PROXIES", "otherwise", "if it is no proxy of yours, a client made the header up")
}

// UnnamedProxy is the proxy that forwarded a request within the last hour without being
// named in Addresses; empty if nobody did.
func (l *Limits) UnnamedProxy() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.forwarded.IsZero() || time.Since(l.forwarded) > time.Hour {
		return ""
	}
	return l.proxy.String()
}

// Connect takes a slot for a connection from remote, as long as it is no feed. A caller
// that gets one without a Problem calls leave, once or more often.
func (l *Limits) Connect(remote string) (leave func(), refused *Problem) {
	client := l.of.Peer(remote)
	if !client.IsValid() {
		return func() {}, nil
	}
	if !l.sockets.Take(client) {
		refused := full()
		refused.Cause = fmt.Errorf("%s has as many connections as it may have beside its feeds", client)
		l.refusals.Note(context.Background(), nil, refused.Reason())
		return nil, refused
	}
	return sync.OnceFunc(func() { l.sockets.Leave(client) }), nil
}

func full() *Problem {
	return &Problem{
		Status: http.StatusTooManyRequests, Code: LimitExceeded, Retry: retryFull, About: "address",
		Detail: "this address has as many connections as it may have; close one, or try again later",
	}
}

// Slot is that of one connection, among those of its address. It is safe for concurrent use.
type Slot struct {
	limits  *Limits
	address netip.Addr

	mu      sync.Mutex
	subject string
	left    bool
}

// Slot takes a slot for the connection that a request makes. A caller that gets one
// without a Problem leaves it.
func (l *Limits) Slot(r *http.Request) (*Slot, *Problem) {
	client := l.of.Of(r)
	if client.IsValid() && !l.addresses.Take(client) {
		return nil, full()
	}
	return &Slot{limits: l, address: client}, nil
}

// SetSubject says of which subject the connection is. It is false, and nothing has
// changed, if that has as many connections as it may have.
func (s *Slot) SetSubject(subject string) bool {
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

// Leave gives the slot back, once.
func (s *Slot) Leave() {
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
