package refusal

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/limit"
	"rowcast/internal/errcode"
)

const (
	// logPause is the least time between two lines of the log about one kind of
	// refusal.
	logPause = time.Minute
	// maxShown is how many bytes of what a client sent a line shows, of each.
	maxShown = 100
)

// Reason is why something was refused.
type Reason struct {
	Code errcode.Code
	// About is what the refusal is about, in a word. Without it an error about a token
	// says it.
	About string
	// Detail is what the client receives, and Cause, if not nil, what the log has instead.
	Detail string
	Cause  error
}

// Log counts what is refused, and has the log of the program say why: for each kind one
// line a minute. Nothing of a token but its algorithm and the id of its key is logged.
type Log struct {
	// Logger is discarded unless set.
	Logger *slog.Logger
	// Codes are counted from the start.
	Codes []errcode.Code
	// Addresses says which client a request comes from.
	Addresses limit.Addresses

	mu     sync.Mutex
	counts map[errcode.Code]int64
	kinds  map[kind]*logged
}

// kind is what refusals have in common. There are few: both texts are of the program.
type kind struct {
	code  errcode.Code
	about string
}

// logged is what the log has of a kind: when, and how many there were since.
type logged struct {
	at    time.Time
	since int
}

// Counts are the refusals by code.
func (r *Log) Counts() map[errcode.Code]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(map[errcode.Code]int64, len(r.counts))
	for _, code := range r.Codes {
		counts[code] = 0
	}
	maps.Copy(counts, r.counts)
	return counts
}

// Note notes that a request was refused; it may be nil where a message was.
func (r *Log) Note(ctx context.Context, request *http.Request, p Reason) {
	why := auth.WhyOf(p.Cause)
	about := p.About
	if about == "" {
		about = why.Kind
	}
	refused := r.count(kind{p.Code, about}, true)
	if refused == 0 || r.Logger == nil {
		return
	}
	text := p.Detail
	if p.Cause != nil {
		text = p.Cause.Error()
	}
	attrs := []slog.Attr{slog.String("code", string(p.Code)), slog.String("about", about), slog.String("why", text)}
	for _, shown := range []struct{ name, value string }{{"algorithm", why.Algorithm}, {"key", why.KeyID}, {"claim", why.Claim}} {
		if shown.value != "" {
			attrs = append(attrs, slog.String(shown.name, Clip(shown.value)))
		}
	}
	if request != nil {
		attrs = append(attrs, slog.String("path", Clip(request.URL.Path)))
		if origin := request.Header.Get("Origin"); origin != "" {
			attrs = append(attrs, slog.String("origin", Clip(origin)))
		}
		if address := r.Addresses.Of(request); address.IsValid() {
			attrs = append(attrs, slog.String("address", address.String()))
		}
	}
	r.Logger.LogAttrs(ctx, slog.LevelWarn, "refuse", append(slices.Clip(attrs), slog.Int("refused", refused))...)
}

// Warn has the log say that a tenant was joined in vain, for each kind of what once a
// minute.
func (r *Log) Warn(what, tenant, why string) {
	if r.Logger == nil {
		return
	}
	if joined := r.count(kind{about: what}, false); joined > 0 {
		r.Logger.Warn("doubt a join", "about", what, "tenant", Clip(tenant), "why", why, "joined", joined)
	}
}

// count notes one more of a kind, as refused or not. It returns how many of the kind
// are not in the log, 0 if one was logged a moment ago.
func (r *Log) count(k kind, refusal bool) (dropped int) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts, r.kinds = map[errcode.Code]int64{}, map[kind]*logged{}
	}
	if refusal {
		r.counts[k.code]++
	}
	t := r.kinds[k]
	if t == nil {
		t = new(logged)
		r.kinds[k] = t
	}
	t.since++
	if !t.at.IsZero() && now.Sub(t.at) < logPause {
		return 0
	}
	dropped, t.at, t.since = t.since, now, 0
	return dropped
}

// Clip shortens what a client sent.
func Clip(text string) string {
	if len(text) > maxShown {
		return text[:maxShown] + "…"
	}
	return text
}
