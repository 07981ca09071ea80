package transport

import (
	"context"
	"errors"
	"slices"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/hub"
	"rowcast/internal/mapping"
)

// authTimeout is how long a client may stay anonymous.
const authTimeout = 10 * time.Second

// expiryNotice is how long before its end a client hears of it.
const expiryNotice = 30 * time.Second

// maxStrikes is how many malformed commands end a session.
const maxStrikes = 3

// VerifyFunc says who a token speaks for, as auth.Verifier.Verify.
type VerifyFunc func(ctx context.Context, token string) (auth.Identity, error)

// Client is the peer of a session: what it may do. One goroutine uses it.
type Client struct {
	session *hub.Session
	verify  VerifyFunc
	// identity is the zero value while the client is anonymous.
	identity auth.Identity
	known    bool
	strikes  int
}

// NewClient makes the client of a session, anonymous and with little time to
// authenticate.
func NewClient(session *hub.Session, verify VerifyFunc) *Client {
	session.Deadline(time.Now().Add(authTimeout), time.Time{}, AuthTimeout)
	return &Client{session: session, verify: verify}
}

// Adopt gives an anonymous client an identity that was verified before.
func (c *Client) Adopt(id auth.Identity) {
	c.identity, c.known = id, true
	c.session.Deadline(id.Expires, id.Expires.Add(-expiryNotice), TokenExpired)
}

// Authenticate takes a token: the first, or a fresh one of the same subject.
// lost are tenants that a fresh token lacks and that were left for it. The
// error is a *Refusal; a first token that is refused ends the session.
func (c *Client) Authenticate(ctx context.Context, token string) (lost []string, err error) {
	id, err := c.verify(ctx, token)
	switch {
	case err != nil:
		return nil, &Refusal{Code: TokenCause(err), Message: auth.PublicText(err), Ends: !c.known}
	case c.known && id.Subject != c.identity.Subject:
		return nil, &Refusal{Code: Forbidden, Message: "the fresh token is of another subject; connect anew with it"}
	}
	c.Adopt(id)
	for _, tenant := range c.session.Tenants() {
		if !id.Allows(tenant) {
			c.session.Leave(tenant)
			lost = append(lost, tenant)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// TokenCause is the code for an error of a VerifyFunc.
func TokenCause(err error) hub.Cause {
	switch {
	case errors.Is(err, auth.ErrExpired):
		return TokenExpired
	case errors.Is(err, auth.ErrUnavailable):
		return Unavailable
	default:
		return InvalidToken
	}
}

// Join subscribes to a tenant, if the identity may, on a wire of the hub. The
// error is a *Refusal; without one the answer comes through the session, with
// ref.
func (c *Client) Join(command Command, wire int, ref uint64) error {
	switch {
	case !c.known:
		return &Refusal{Code: Forbidden, Message: "authenticate before joining a tenant"}
	case !c.identity.Allows(command.Tenant):
		return &Refusal{Code: Forbidden, Message: "the token does not name this tenant"}
	}
	filter, err := mapping.ParseFilter(command.Events)
	if err != nil {
		return &Refusal{Code: BadRequest, Message: err.Error()}
	}
	q := hub.Request{Tenant: command.Tenant, Cursor: command.Cursor, Wire: wire, Exact: command.Exact, Ref: ref}
	if !filter.All() {
		q.Admit = filter.Match
	}
	switch err := c.session.Join(q); {
	case errors.Is(err, hub.ErrTooManyJoins):
		return &Refusal{Code: LimitExceeded, Message: "this tenant is being joined; wait for the answer"}
	case err != nil:
		return &Refusal{Code: LimitExceeded, Message: "this connection has joined as many tenants as it may; leave one first"}
	}
	return nil
}

// Strike counts a malformed command. It is true for the last one.
func (c *Client) Strike() bool {
	c.strikes++
	return c.strikes >= maxStrikes
}
