package history

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"rowcast/internal/access/tenant"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/transport"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
)

const (
	// defaultLimit and maxLimit are how many events a page has.
	defaultLimit, maxLimit = 500, 1000
	// readTime bounds the reading for one request.
	readTime = 15 * time.Second
	// writeTime is how long a client has to take its answer.
	writeTime = 30 * time.Second
	// retryBusy and retryDown are when to try again.
	retryBusy, retryDown = time.Second, 5 * time.Second
)

// Options configures a Handler. Source, Map and Gate are required.
type Options struct {
	Source Source
	// Map appends the events of a change to dst, in order and with their cursors.
	Map  view.Map
	Gate *transport.Gate
	// Own are the events that the policy gives a table beside those of Map. Default: none.
	Own func(relation int64) view.Own
	// Take returns when the policy of the gate is that of a version of the rules, or a
	// newer one. Default: at once.
	Take func(ctx context.Context, version int64) error
	// Unreadable receives the changes that are sent without their rows. Nil: nobody is.
	Unreadable *unreadable.Log
	// Readers is how many requests read the source at once. Default: 2.
	Readers int
	// MaxWait is how long a request waits for a turn. Default: 5 s.
	MaxWait time.Duration
	// Rate and Burst are how many pages a second, and how many at once, a subject
	// may ask for. Default: 50 and 200.
	Rate, Burst int
	// Log is for what only operators can act on. Default: discarded.
	Log *slog.Logger
}

// Handler answers requests for history.
type Handler struct {
	opts  Options
	share *share
}

// NewHandler checks the options.
func NewHandler(o Options) (*Handler, error) {
	if o.Source == nil || o.Map == nil || o.Gate == nil {
		return nil, errors.New("history: Options needs Source, Map and Gate")
	}
	o.Readers = cmp.Or(o.Readers, 2)
	o.MaxWait = cmp.Or(o.MaxWait, 5*time.Second)
	o.Rate, o.Burst = cmp.Or(o.Rate, 50), cmp.Or(o.Burst, 200)
	if o.Own == nil {
		o.Own = func(int64) view.Own { return nil }
	}
	if o.Take == nil {
		o.Take = func(context.Context, int64) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{opts: o, share: newShare(&o)}, nil
}

// ServeHTTP answers with a page.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, refused := h.parse(r)
	if refused == nil {
		refused = h.serve(w, r, q)
	}
	if refused != nil {
		h.opts.Gate.Refuse(w, r, refused)
	}
}

// parse reads a request.
func (h *Handler) parse(r *http.Request) (query, *transport.Problem) {
	id, refused := h.opts.Gate.Admit(r, transport.Parameters{Names: []string{"tenant", "after", "limit", "events", "where", "ticket"}})
	if refused != nil {
		return query{}, refused
	}
	want, refused := h.opts.Gate.ParseWant(r, id)
	if refused != nil {
		return query{}, refused
	}
	q := query{tenant: want.Tenant, subject: id.Subject, filter: want.Filter, wish: want.View, subjects: view.Subjects(tenant.Spellings(id.Subject)), limit: defaultLimit}
	q.viewer = func() (*policy.Viewer, *transport.Problem) { return h.opts.Gate.Viewer(&id, want.Tenant) }
	if text := want.Query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return query{}, bad("limit is a number of events from 1 to 1000")
		}
		q.limit = n
	}
	text := want.Query.Get("after")
	if text == "" {
		q.oldest = true
		return q, nil
	}
	at, err := feed.ParseCursor(text)
	if err != nil {
		return query{}, bad("after is no cursor; send one as it was received, or leave it out to begin with the oldest change")
	}
	q.after = at
	return q, nil
}

func bad(detail string) *transport.Problem {
	return &transport.Problem{Status: http.StatusBadRequest, Code: transport.BadRequest, About: "query", Detail: detail}
}

// serve reads a page when it is its turn, and writes it.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, q query) *transport.Problem {
	answer, refused := h.share.admit(r.Context(), q)
	if refused != nil {
		return refused
	}
	defer answer.Leave()
	p, err := h.read(r.Context(), q)
	if errors.Is(err, errBusy) {
		return busy()
	}
	if err != nil {
		return h.explain(r.Context(), q, err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(p.body)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // none where it is not known
	_, _ = w.Write(p.body)                                                        // the client has gone if this fails
	return nil
}

// explain returns what a client receives about an error of the source.
func (h *Handler) explain(ctx context.Context, q query, err error) *transport.Problem {
	gone := transport.Problem{Status: http.StatusGone, About: "cursor"}
	switch {
	case errors.Is(err, feed.ErrExpired):
		gone.Code, gone.Detail = errcode.Code(feed.ErrExpired.Error()),
			"the history after this cursor has been pruned; reload the state, and leave after out to begin with what is kept"
		return &gone
	case errors.Is(err, feed.ErrDiverged):
		gone.Code, gone.Detail = errcode.Code(feed.ErrDiverged.Error()),
			"the cursor belongs to a history that does not exist any more; reload the state, and leave after out to begin with what is kept"
		return &gone
	case errors.Is(err, feed.ErrPolicy):
		gone.Code, gone.Detail = errcode.Code(feed.ErrPolicy.Error()),
			"the cursor is of another view: this client may see something else now; reload the state, and leave after out to begin with what is kept"
		return &gone
	}
	if refused, ok := errors.AsType[*transport.Problem](err); ok {
		return refused
	}
	if ctx.Err() == nil { // else the client has gone
		h.opts.Log.WarnContext(ctx, "read history", slog.String("tenant", q.tenant), slog.Any("error", err))
	}
	return &transport.Problem{
		Status: http.StatusServiceUnavailable, Code: transport.Unavailable, Retry: retryDown, About: "history",
		Detail: "the history cannot be read at the moment; try again in a moment",
	}
}
