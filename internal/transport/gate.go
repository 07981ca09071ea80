package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/hub"
)

// retrySoon is when a client that was refused for the state of the server may
// try again.
const retrySoon = time.Second

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

// Enter checks what a request is before its credentials: the origin, the
// method, which has to be GET, and that the server is not shutting down.
func (g *Gate) Enter(r *http.Request) *Problem {
	switch {
	case !g.Origin(r):
		return &Problem{
			Status: http.StatusForbidden, Code: Forbidden,
			Detail: "this origin may not connect; FRONTEND_URL or ORIGIN has to name it",
		}
	case r.Method != http.MethodGet:
		return &Problem{
			Status: http.StatusMethodNotAllowed, Code: BadRequest, Detail: "this path takes GET requests only", Allow: http.MethodGet,
		}
	case g.Draining():
		return &Problem{
			Status: http.StatusServiceUnavailable, Code: hub.Shutdown, Detail: "the server is shutting down; try again in a moment",
			Retry: retrySoon,
		}
	}
	return nil
}

// Identify checks the credentials of a request: the Authorization header, or a
// ticket. Both results are nil if it carries none.
func (g *Gate) Identify(r *http.Request) (*auth.Identity, *Problem) {
	token, err := auth.BearerToken(r)
	switch {
	case err == nil:
		return g.Check(r.Context(), token)
	case errors.Is(err, auth.ErrNoToken):
		return g.redeem(r)
	case errors.Is(err, auth.ErrTokenInQuery):
		return nil, &Problem{Status: http.StatusBadRequest, Code: BadRequest, Detail: auth.PublicText(err)}
	default:
		return nil, TokenProblem(err)
	}
}

// Admit is Enter and Identify for requests that need credentials.
func (g *Gate) Admit(r *http.Request) (auth.Identity, *Problem) {
	if refused := g.Enter(r); refused != nil {
		return auth.Identity{}, refused
	}
	id, refused := g.Identify(r)
	switch {
	case refused != nil:
		return auth.Identity{}, refused
	case id == nil:
		return auth.Identity{}, &Problem{
			Status: http.StatusUnauthorized, Code: InvalidToken,
			Detail: "no token was sent; send it as \"Authorization: Bearer …\", or get a ticket from POST /tickets and send ?ticket=…",
		}
	}
	return *id, nil
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
	p := &Problem{Status: http.StatusUnauthorized, Code: TokenCause(err), Detail: auth.PublicText(err)}
	if p.Code == Unavailable {
		p.Status, p.Retry = http.StatusServiceUnavailable, max(retrySoon, auth.Wait(err))
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
			Status: http.StatusUnauthorized, Code: InvalidToken,
			Detail: "the ticket is unknown, used or older than its time; get a new one from POST /tickets",
		}
	}
	return &id, nil
}
