package rows

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/limit"
	"rowcast/internal/access/tenant"
	"rowcast/internal/errcode"
	"rowcast/internal/snapshot"
	"rowcast/internal/transport"
	"rowcast/internal/view"
	"rowcast/internal/view/where"
)

const (
	// MaxRows bounds the rows that are read for an answer.
	MaxRows = 100_000
	// MaxTime is how long an answer may take.
	MaxTime = 30 * time.Second
	// maxBytes bounds the bytes that are read for an answer.
	maxBytes = 64 << 20
	// maxStall is how long a client may take nothing.
	maxStall = 10 * time.Second
	// retryBusy and retryDown are when to try again.
	retryBusy, retryDown = 2 * time.Second, 5 * time.Second
)

// NotReadable is the code of a table that rows cannot be read of.
const NotReadable errcode.Code = "not-readable"

// Options configures a Handler. Source, Gate and Take are required.
type Options struct {
	Source *snapshot.Source
	Gate   *transport.Gate
	// Take returns when the server follows a version of the rules, or a newer one.
	Take func(ctx context.Context, version int64) error
	// Readers is how many requests read at once. Default: 4.
	Readers int
	// MaxWait is how long a request waits for its turn. Default: 5 s.
	MaxWait time.Duration
	// Bytes and Time bound an answer. Default: 64 MiB and MaxTime.
	Bytes int
	Time  time.Duration
	// Stall is how long a client may take nothing. Default: 10 s.
	Stall time.Duration
	// Log is for what only operators can act on. Default: discarded.
	Log *slog.Logger
}

// Handler answers requests for rows.
type Handler struct {
	o     Options
	turns *limit.Turns
	stats counts
}

// NewHandler checks the options.
func NewHandler(o Options) (*Handler, error) {
	if o.Source == nil || o.Gate == nil || o.Take == nil {
		return nil, errors.New("rows: Options needs Source, Gate and Take")
	}
	o.Readers, o.MaxWait = cmp.Or(o.Readers, 4), cmp.Or(o.MaxWait, 5*time.Second)
	o.Bytes, o.Time, o.Stall = cmp.Or(o.Bytes, maxBytes), cmp.Or(o.Time, MaxTime), cmp.Or(o.Stall, maxStall)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{o: o, turns: limit.NewTurns(limit.Bounds{Subject: 1, All: o.Readers}, limit.Bounds{Subject: 16, Tenant: 256, All: 4096})}, nil
}

// request is one that may read.
type request struct {
	id    auth.Identity
	want  transport.Want
	table string
	// filter is that of the query, nil without.
	filter *where.Filter
	// subjects are all that the client is, texts how columns write them.
	subjects []view.Subject
	texts    []string
}

// ServeHTTP answers with rows.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, refused := h.parse(r)
	if refused == nil {
		refused = h.serve(w, r, q)
	}
	if refused != nil {
		h.o.Gate.Refuse(w, r, refused)
	}
}

// parse reads a request.
func (h *Handler) parse(r *http.Request) (*request, *transport.Problem) {
	id, refused := h.o.Gate.Admit(r, transport.Parameters{Names: []string{"tenant", "table", "where", "ticket"}})
	if refused != nil {
		return nil, refused
	}
	q := &request{id: id}
	if q.want, refused = h.o.Gate.ParseWant(r, id); refused != nil {
		return nil, refused
	}
	if q.table = q.want.Query.Get("table"); q.table == "" {
		return nil, bad("name the table by the stem of its events, as in table=order for order:created")
	}
	if !plain(q.table) {
		return nil, noTable()
	}
	if !plain(q.want.Tenant) {
		return nil, noTenant()
	}
	if text := q.want.Query.Get("where"); q.want.View != nil && text != "" && text != "null" {
		var err error
		if q.filter, err = where.Parse([]byte(text)); err != nil {
			return nil, bad(err.Error())
		}
	}
	if same, uuid, integer := tenant.Spellings(id.Subject); same != "" {
		q.subjects, q.texts = view.Subjects(same, uuid, integer), []string{same, uuid, integer}
	}
	return q, nil
}

// plain says whether PostgreSQL takes a text.
func plain(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// serve reads rows when it is the turn of the request. The Problem is for a request that
// was not answered.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, q *request) *transport.Problem {
	turn, refused := h.turn(r.Context(), q)
	if refused != nil {
		return refused
	}
	defer turn.Leave()
	defer h.stats.begin()()
	ends := time.Now().Add(h.o.Time)
	if q.id.Expires.Before(ends) {
		ends = q.id.Expires
	}
	ctx, cancel := context.WithDeadline(r.Context(), ends)
	defer cancel()
	shot, err := h.o.Source.Open(ctx, q.want.Tenant, q.table)
	if err == nil {
		defer shot.Close(ctx)
		// Rows of this snapshot may be newer than the rules that the server follows.
		err = h.o.Take(ctx, shot.Rules)
	}
	unreadable, isRefused := errors.AsType[snapshot.Refused](err)
	if err != nil && !isRefused {
		return h.explain(ctx, q, err)
	}
	if q.want, refused = h.o.Gate.ParseWant(r, q.id); refused != nil {
		return refused
	}
	if access := q.want.View.Access(shot.Relation); access != nil && access.None() {
		return noTable()
	}
	if isRefused {
		return &transport.Problem{
			Status: http.StatusConflict, Code: NotReadable, About: "table", Cause: unreadable,
			Detail: "rows of this table cannot be read; its operator opens it with rowcast watch --readable, and rowcast doctor says what is missing",
		}
	}
	h.answer(ctx, w, q, shot)
	return nil
}

// turn waits until the request may read.
func (h *Handler) turn(ctx context.Context, q *request) (*limit.Turn, *transport.Problem) {
	turn, err := h.turns.Ask(limit.Party{Tenant: q.want.Tenant, Subject: q.id.Subject})
	if err != nil {
		return nil, busy()
	}
	maxWait := time.NewTimer(h.o.MaxWait)
	defer maxWait.Stop()
	select {
	case <-turn.Mine():
		return turn, nil
	case <-maxWait.C:
	case <-ctx.Done():
	}
	turn.Leave()
	return nil, busy()
}

// explain returns what a client receives about an error before the first line.
func (h *Handler) explain(ctx context.Context, q *request, err error) *transport.Problem {
	switch {
	case errors.Is(err, snapshot.ErrNoTable):
		return noTable()
	case errors.Is(err, snapshot.ErrNoTenant):
		return noTenant()
	}
	if !time.Now().Before(q.id.Expires) {
		return transport.TokenProblem(auth.ErrExpired)
	}
	if !errors.Is(ctx.Err(), context.Canceled) { // else the client has gone
		h.o.Log.WarnContext(ctx, "read rows", slog.String("tenant", q.want.Tenant), slog.String("table", q.table), slog.Any("error", err))
	}
	return &transport.Problem{
		Status: http.StatusServiceUnavailable, Code: transport.Unavailable, Retry: retryDown, About: "rows",
		Detail: "rows cannot be read at the moment; try again in a moment",
	}
}

func bad(detail string) *transport.Problem {
	return &transport.Problem{Status: http.StatusBadRequest, Code: transport.BadRequest, About: "query", Detail: detail}
}

func noTable() *transport.Problem {
	return bad("there is no such table; name one by the stem of its events, as in table=order for order:created")
}

func noTenant() *transport.Problem {
	return bad("no row can have this tenant: the database cannot write its name")
}

func busy() *transport.Problem {
	return &transport.Problem{
		Status: http.StatusTooManyRequests, Code: transport.RateLimited, Retry: retryBusy, About: "rows",
		Detail: "this subject reads rows already, or as many clients do as may; try again in a moment",
	}
}
