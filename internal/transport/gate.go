package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/tenant"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport/refusal"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/where"
)

// retryShort is when a client that was refused for the state of the server may
// try again.
const retryShort = time.Second

// GateOptions configures a Gate. Origin, Draining, Verify and Redeem are required.
type GateOptions struct {
	// Origin says whether the page that sent the request may talk to us.
	Origin func(r *http.Request) bool
	// Draining says whether the server is shutting down.
	Draining func() bool
	// Verify checks tokens, Redeem tickets.
	Verify VerifyFunc
	Redeem func(ticket string) (auth.Identity, bool)
	// Revoked says whether an identity is not good any more. It must not block.
	// Default: none is.
	Revoked func(id *auth.Identity) bool
	// Refusals counts the clients that the gate refuses. Default: those of its own.
	Refusals *refusal.Log
	// Limits bounds connections. Default: those of LimitOptions.
	Limits *Limits
	// Tenants knows how the database writes tenants. Default: it takes each as it is.
	Tenants *tenant.Watcher
	// Views makes views of filters. Default: every filter is refused.
	Views Binder
	// Rules are those by which events are withheld. Default: there are none.
	Rules Rules
}

// Rules are those by which the server withholds events.
type Rules interface {
	// Withholds says whether there is one.
	Withholds() bool
	// Policy is the one in force.
	Policy() *policy.Policy
}

// noRules withhold nothing.
type noRules struct{}

func (noRules) Withholds() bool        { return false }
func (noRules) Policy() *policy.Policy { return nil }

// Binder makes a view of a filter, of somebody who may know of the columns that a viewer
// sees. The error is a *where.Problem if the client has to mend the filter.
type Binder interface {
	Bind(ctx context.Context, filter []byte, viewer *policy.Viewer) (*view.View, error)
}

// noViews refuses every filter.
type noViews struct{}

func (noViews) Bind(context.Context, []byte, *policy.Viewer) (*view.View, error) {
	return nil, &where.Problem{Path: "where", Detail: "rows cannot be filtered here"}
}

// Gate decides which requests come in, for every transport, and opens and closes the
// clients that are let in.
type Gate struct{ GateOptions }

// NewGate checks the options.
func NewGate(o GateOptions) (*Gate, error) {
	if o.Origin == nil || o.Draining == nil || o.Verify == nil || o.Redeem == nil {
		return nil, errors.New("transport: GateOptions needs Origin, Draining, Verify and Redeem")
	}
	if o.Revoked == nil {
		o.Revoked = func(*auth.Identity) bool { return false }
	}
	if o.Refusals == nil {
		o.Refusals = &refusal.Log{Codes: RefusalCodes()}
	}
	if o.Limits == nil {
		o.Limits = NewLimits(LimitOptions{Refusals: o.Refusals})
	}
	if o.Tenants == nil {
		o.Tenants = tenant.New(tenant.Options{})
	}
	if o.Rules == nil {
		o.Rules = noRules{}
	}
	if o.Views == nil {
		o.Views = noViews{}
	}
	return &Gate{o}, nil
}

// Note notes that a request was refused; it is nil where a message was.
func (g *Gate) Note(ctx context.Context, r *http.Request, p *Problem) {
	g.Refusals.Note(ctx, r, p.Reason())
}

// Refuse answers a request that is refused, and notes it.
func (g *Gate) Refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	g.Note(r.Context(), r, p)
	p.Write(w)
}

// Admits says whether the page that sent the request may talk to us, and notes if
// it may not.
func (g *Gate) Admits(r *http.Request) bool {
	if g.Origin(r) {
		return true
	}
	g.Note(r.Context(), r, foreignOrigin())
	return false
}

// Shares is Admits for the headers by which a browser shares an answer with a page. A
// page that may not talk to us is noted when the browser asks beforehand; else the
// request itself is refused.
func (g *Gate) Shares(r *http.Request) bool {
	if r.Method == http.MethodOptions {
		return g.Admits(r)
	}
	return g.Origin(r)
}

func foreignOrigin() *Problem {
	return &Problem{
		Status: http.StatusForbidden, Code: Forbidden, About: "origin",
		Detail: "this origin may not connect; FRONTEND_URL or ORIGIN has to name it",
	}
}

// Enter checks what a request is before its credentials: the origin, the
// method, which has to be GET, the names in the query, and that the server is not
// shutting down.
func (g *Gate) Enter(r *http.Request, p Parameters) *Problem {
	switch {
	case !g.Origin(r):
		return foreignOrigin()
	case r.Method != http.MethodGet:
		return &Problem{
			Status: http.StatusMethodNotAllowed, Code: BadRequest, About: "method", Detail: "this path takes GET requests only", Allow: http.MethodGet,
		}
	case g.Draining():
		return &Problem{
			Status: http.StatusServiceUnavailable, Code: signal.Shutdown, Detail: "the server is shutting down; try again in a moment",
			Retry: retryShort, About: "shutdown",
		}
	}
	return p.Check(r)
}

// Admit is Enter, Read and Check for requests that need credentials.
func (g *Gate) Admit(r *http.Request, p Parameters) (auth.Identity, *Problem) {
	if refused := g.Enter(r, p); refused != nil {
		return auth.Identity{}, refused
	}
	offer, refused := g.Read(r)
	if refused != nil {
		return auth.Identity{}, refused
	}
	c := offer.Check(r.Context())
	switch {
	case c.Refused != nil:
		return auth.Identity{}, c.Refused
	case c.Identity == nil:
		return auth.Identity{}, &Problem{
			Status: http.StatusUnauthorized, Code: InvalidToken, About: "none",
			Detail: "no token was sent; send it as \"Authorization: Bearer …\", or get a ticket from POST /tickets and send ?ticket=…",
		}
	}
	return *c.Identity, nil
}

// TokenProblem is the answer to a token that is not accepted.
func TokenProblem(err error) *Problem {
	p := &Problem{Status: http.StatusUnauthorized, Code: TokenCode(err), Detail: auth.PublicText(err), Cause: err}
	if p.Code == Unavailable {
		p.Status, p.Retry = http.StatusServiceUnavailable, max(retryShort, auth.Wait(err))
	}
	return p
}
