package transport

import (
	"context"
	"errors"
	"net/http"

	"rowcast/internal/access/auth"
)

// Offer is the credentials that a request carries, which nobody has checked.
type Offer struct {
	gate *Gate
	// Tokens are those of Authorization headers, which somebody in between may have
	// put there for himself. err is why there are none.
	tokens []string
	err    error
	ticket string
	// ticketed: there is a ticket, which may be empty.
	ticketed bool
}

// Read reads the credentials of a request. One that is in the URL, and no ticket, is
// refused.
func (g *Gate) Read(r *http.Request) (Offer, *Problem) {
	tokens, err := auth.BearerTokens(r)
	if errors.Is(err, auth.ErrTokenInQuery) {
		return Offer{}, &Problem{Status: http.StatusBadRequest, Code: BadRequest, Detail: auth.PublicText(err), Cause: err}
	}
	query := r.URL.Query()
	return Offer{gate: g, tokens: tokens, err: err, ticket: query.Get("ticket"), ticketed: query.Has("ticket")}, nil
}

// Credential is what a request carries: at most one of Identity and Refused is not
// nil, and none if it carries nothing.
type Credential struct {
	Identity *auth.Identity
	Refused  *Problem
	// Header: it is from an Authorization header.
	Header bool
}

// Check checks the credentials: a ticket, or else the Authorization headers. One that
// is meant for somebody else hides no other.
func (o Offer) Check(ctx context.Context) Credential {
	var c Credential
	if o.ticketed {
		if id := o.Ticket(); id != nil {
			return Credential{Identity: id}
		}
		c.Refused = &Problem{
			Status: http.StatusUnauthorized, Code: InvalidToken, About: "ticket",
			Detail: "the ticket is unknown, used or older than its time; get a new one from POST /tickets",
		}
	}
	if errors.Is(o.err, auth.ErrNoToken) {
		return c
	}
	header := o.Headers(ctx)
	if header.Refused != nil && c.Refused != nil {
		return Credential{Refused: moreUseful(c.Refused, header.Refused)}
	}
	return header
}

// Ticket redeems the ticket, nil if there is none that is good.
func (o Offer) Ticket() *auth.Identity {
	if !o.ticketed {
		return nil
	}
	if id, ok := o.gate.Redeem(o.ticket); ok {
		return &id
	}
	return nil
}

// Headers checks the Authorization headers alone.
func (o Offer) Headers(ctx context.Context) Credential {
	if o.err != nil {
		return Credential{Refused: TokenProblem(o.err), Header: true}
	}
	var refused *Problem
	for _, token := range o.tokens {
		c := o.gate.Check(ctx, token)
		if c.Refused == nil {
			return Credential{Identity: c.Identity, Header: true}
		}
		refused = moreUseful(refused, c.Refused)
	}
	return Credential{Refused: refused, Header: true}
}

// Bearer checks the Authorization headers of a request alone.
func (g *Gate) Bearer(r *http.Request) (auth.Identity, *Problem) {
	offer, refused := g.Read(r)
	if refused != nil {
		return auth.Identity{}, refused
	}
	by := offer.Headers(r.Context())
	if by.Refused != nil {
		return auth.Identity{}, by.Refused
	}
	return *by.Identity, nil
}

// Check verifies a token.
func (g *Gate) Check(ctx context.Context, token string) Credential {
	id, err := g.Verify(ctx, token)
	if err != nil {
		return Credential{Refused: TokenProblem(err)}
	}
	return Credential{Identity: &id}
}

// moreUseful is the one of two refusals that helps more: a token that is merely not
// valid may not be meant for us.
func moreUseful(first, second *Problem) *Problem {
	if first == nil || first.Code == InvalidToken && second.Code != InvalidToken {
		return second
	}
	return first
}
