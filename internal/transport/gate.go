package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/hub"
)

// retryShort is when a client that was refused for the state of the server may
// try again.
const retryShort = time.Second

// Gate decides which requests come in, for every transport. All fields but Rules
// are required.
type Gate struct {
	// Origin says whether the page that sent the request may talk to us.
	Origin func(r *http.Request) bool
	// Draining says whether the server is shutting down.
	Draining func() bool
	// Verify checks tokens, Redeem tickets.
	Verify VerifyFunc
	Redeem func(ticket string) (auth.Identity, bool)
	// Rules are for the clients that are let in.
	Rules *Rules
}

// Complete says whether nothing is missing.
func (g *Gate) Complete() bool {
	return g.Origin != nil && g.Draining != nil && g.Verify != nil && g.Redeem != nil
}

// Note notes that a request was refused.
func (g *Gate) Note(r *http.Request, p *Problem) { g.Rules.Note(r.Context(), r, p) }

// Refuse answers a request that is refused, and notes it.
func (g *Gate) Refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	g.Note(r, p)
	p.Write(w)
}

// Admits says whether the page that sent the request may talk to us, and notes if
// it may not.
func (g *Gate) Admits(r *http.Request) bool {
	if g.Origin(r) {
		return true
	}
	g.Note(r, foreignOrigin())
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
			Status: http.StatusServiceUnavailable, Code: hub.Shutdown, Detail: "the server is shutting down; try again in a moment",
			Retry: retryShort, About: "shutdown",
		}
	}
	return p.Check(r)
}

// Credential is what a request carries: at most one of Identity and Refused is not
// nil, and none if it carries nothing.
type Credential struct {
	Identity *auth.Identity
	Refused  *Problem
	// Header: it is from an Authorization header, which somebody in between may have
	// put there for himself.
	Header bool
}

// Identify checks the credentials of a request: a ticket, or else the Authorization
// headers. One that is meant for somebody else hides no other.
func (g *Gate) Identify(r *http.Request) Credential {
	tokens, err := auth.BearerTokens(r)
	if errors.Is(err, auth.ErrTokenInQuery) {
		return Credential{Refused: &Problem{Status: http.StatusBadRequest, Code: BadRequest, Detail: auth.PublicText(err), Cause: err}}
	}
	id, refused := g.redeem(r)
	if id != nil {
		return Credential{Identity: id}
	}
	c := Credential{Refused: refused}
	if !errors.Is(err, auth.ErrNoToken) {
		c = g.bearer(r.Context(), tokens, err)
		if c.Refused != nil && refused != nil {
			c = Credential{Refused: telling(refused, c.Refused)}
		}
	}
	return c
}

// Bearer checks the Authorization headers of a request alone.
func (g *Gate) Bearer(r *http.Request) (auth.Identity, *Problem) {
	tokens, err := auth.BearerTokens(r)
	switch {
	case errors.Is(err, auth.ErrTokenInQuery):
		return auth.Identity{}, g.Identify(r).Refused
	case err != nil:
		return auth.Identity{}, TokenProblem(err)
	}
	c := g.bearer(r.Context(), tokens, nil)
	if c.Refused != nil {
		return auth.Identity{}, c.Refused
	}
	return *c.Identity, nil
}

// bearer checks tokens of headers, or why there are none.
func (g *Gate) bearer(ctx context.Context, tokens []string, err error) Credential {
	if err != nil {
		return Credential{Refused: TokenProblem(err), Header: true}
	}
	var refused *Problem
	for _, token := range tokens {
		id, why := g.Check(ctx, token)
		if why == nil {
			return Credential{Identity: id, Header: true}
		}
		refused = telling(refused, why)
	}
	return Credential{Refused: refused, Header: true}
}

// telling is the one of two refusals that helps more: a token that is merely not
// valid may not be meant for us.
func telling(first, second *Problem) *Problem {
	if first == nil || first.Code == InvalidToken && second.Code != InvalidToken {
		return second
	}
	return first
}

// Admit is Enter and Identify for requests that need credentials.
func (g *Gate) Admit(r *http.Request, p Parameters) (auth.Identity, *Problem) {
	if refused := g.Enter(r, p); refused != nil {
		return auth.Identity{}, refused
	}
	c := g.Identify(r)
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

// Check verifies a token.
func (g *Gate) Check(ctx context.Context, token string) (*auth.Identity, *Problem) {
	id, err := g.Verify(ctx, token)
	if err != nil {
		return nil, TokenProblem(err)
	}
	return &id, nil
}

// TokenProblem is the answer to a token that is not accepted.
func TokenProblem(err error) *Problem {
	p := &Problem{Status: http.StatusUnauthorized, Code: TokenCode(err), Detail: auth.PublicText(err), Cause: err}
	if p.Code == Unavailable {
		p.Status, p.Retry = http.StatusServiceUnavailable, max(retryShort, auth.Wait(err))
	}
	return p
}

// redeem takes the ticket of a request, if it carries one.
func (g *Gate) redeem(r *http.Request) (*auth.Identity, *Problem) {
	query := r.URL.Query()
	if !query.Has("ticket") {
		return nil, nil
	}
	id, ok := g.Redeem(query.Get("ticket"))
	if !ok {
		return nil, &Problem{
			Status: http.StatusUnauthorized, Code: InvalidToken, About: "ticket",
			Detail: "the ticket is unknown, used or older than its time; get a new one from POST /tickets",
		}
	}
	return &id, nil
}
