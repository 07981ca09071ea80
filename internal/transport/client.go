package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/errcode"
	"rowcast/internal/hub"
	"rowcast/internal/mapping"
)

// authTimeout is how long a client may stay anonymous.
const authTimeout = 10 * time.Second

// expiryNotice is how long before its end a client hears of it.
const expiryNotice = 30 * time.Second

// maxStrikes is how many malformed commands end a session.
const maxBadCommands = 3

// VerifyFunc says who a token speaks for, as auth.Verifier.Verify.
type VerifyFunc func(ctx context.Context, token string) (auth.Identity, error)

// Client is the peer of a session: what it may do. One goroutine uses it, and the hub,
// whose Owner it is.
type Client struct {
	session *hub.Session
	verify  VerifyFunc
	rules   *Rules
	// identity is nil while the client is anonymous. It is not changed, only
	// replaced.
	identity    atomic.Pointer[auth.Identity]
	slot        *Slot
	badCommands int
	// doubt is why the credentials of the handshake were refused, nil without one.
	doubt *Refusal
	// supposed: the identity is from a header, and has not been used.
	supposed bool
}

// Open opens the session of a connection that has a slot, and returns it with its
// client, who is anonymous and has little time to authenticate. The slot, which may be
// nil, is left when the session ends, or could not be opened.
func (g *Gate) Open(h *hub.Hub, o hub.SessionOptions, slot *Slot) (*hub.Session, *Client, error) {
	session, err := h.Open(o)
	if err != nil {
		slot.Leave()
		return nil, nil, fmt.Errorf("open a session: %w", err)
	}
	c := &Client{session: session, verify: g.Verify, rules: g.Rules, slot: slot}
	session.Deadline(time.Now().Add(authTimeout), time.Time{}, AuthTimeout)
	session.Own(c)
	return session, c, nil
}

// TurnAway ends a connection that came when the server was shutting down already.
func TurnAway(conn interface {
	io.WriteCloser
	SetWriteDeadline(t time.Time) error
}, encoder hub.Encoder,
) {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write(encoder.AppendClose(nil, hub.Shutdown, ""))
	_ = conn.Close()
}

// Check implements hub.Owner.
func (c *Client) Check() errcode.Code {
	if id := c.identity.Load(); id != nil && c.rules != nil && c.rules.Revoked != nil && c.rules.Revoked(id) {
		return Revoked
	}
	return ""
}

// Left implements hub.Owner.
func (c *Client) Left() { c.slot.Leave() }

// Adopt gives a client an identity that was verified before. One that was
// revoked since ends the session. The error is a *Refusal that should, too: the
// subject has too many connections.
//
// The expiry of a token is a time by the clock on the wall. How long it is until
// then is found out here, once; the session counts that by a clock that nobody sets,
// so that a step of the other one neither ends sessions nor lengthens them.
func (c *Client) Adopt(id auth.Identity) error {
	if !c.slot.SetSubject(id.Subject) {
		full := &Problem{Code: LimitExceeded, About: "subject", Detail: "this subject has as many connections as it may have; close one first"}
		c.rules.Note(context.Background(), nil, full)
		return &Refusal{Code: full.Code, Message: full.Detail, Ends: c.identity.Load() == nil}
	}
	c.identity.Store(&id)
	c.supposed = false
	c.session.Deadline(id.Expires, id.Expires.Add(-expiryNotice), TokenExpired)
	c.session.Own(c)
	return nil
}

// Present takes the credential of a handshake. One of a header that is refused may be
// meant for a proxy: the client has the time of one without to send its own, and is
// refused for it if it does something else. One that is accepted is replaced by the
// first that the client sends, also of another subject. The error is that of Adopt.
func (c *Client) Present(by Credential) error {
	switch {
	case by.Identity != nil:
		err := c.Adopt(*by.Identity)
		c.supposed = by.Header
		return err
	case by.Refused != nil:
		c.doubt = &Refusal{Code: by.Refused.Code, Message: by.Refused.Detail, Ends: true}
		c.session.Deadline(time.Now().Add(authTimeout), time.Time{}, c.doubt.Code)
	}
	return nil
}

// Authenticate takes a token: the first, or a fresh one of the same subject.
// lost are tenants that a fresh token lacks and that were left for it. The
// error is a *Refusal; a first token that is refused ends the session.
func (c *Client) Authenticate(ctx context.Context, token string) (lost []string, err error) {
	id, err := c.verify(ctx, auth.Bare(token))
	switch known := c.identity.Load(); {
	case err != nil:
		refused := TokenProblem(err)
		c.rules.Note(ctx, nil, refused)
		return nil, &Refusal{Code: refused.Code, Message: refused.Detail, Ends: known == nil}
	case known != nil && !c.supposed && id.Subject != known.Subject:
		return nil, &Refusal{Code: Forbidden, Message: "the fresh token is of another subject; connect anew with it"}
	}
	if err := c.Adopt(id); err != nil {
		return nil, err
	}
	for _, tenant := range c.session.Tenants() {
		if !c.rules.Allows(id, c.rules.Tenant(tenant)) {
			c.session.Leave(tenant)
			lost = append(lost, tenant)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// TokenCause is the code for an error of a VerifyFunc.
func TokenCode(err error) errcode.Code {
	switch {
	case errors.Is(err, auth.ErrExpired):
		return TokenExpired
	case errors.Is(err, auth.ErrRevoked):
		return Revoked
	case errors.Is(err, auth.ErrUnavailable):
		return Unavailable
	default:
		return InvalidToken
	}
}

// Join subscribes to a tenant, if the identity may, with an encoder of the hub; nil is that
// of the session. The error is a *Refusal; without one the answer comes through the session, with
// requestID.
func (c *Client) Join(command Command, encoder hub.Encoder, requestID uint64) error {
	want := Want{Tenant: c.Tenant(command.Tenant), Events: command.Events}
	switch id := c.identity.Load(); {
	case id == nil && c.doubt != nil:
		return c.doubt
	case id == nil:
		return &Refusal{Code: Forbidden, Message: "authenticate before joining a tenant"}
	case !c.rules.Allows(*id, want.Tenant):
		refused := notNamed(*id)
		c.rules.Note(context.Background(), nil, refused)
		return &Refusal{Code: refused.Code, Message: refused.Detail}
	}
	c.supposed = false
	var err error
	if want.Filter, err = mapping.ParseFilter(want.Events); err != nil {
		return &Refusal{Code: BadRequest, Message: err.Error()}
	}
	return c.Follow(want, hub.Request{Cursor: command.Cursor, Encoder: encoder, ResumeOnly: command.ResumeOnly, Forgets: command.Forgets, RequestID: requestID})
}

// Follow subscribes to what was checked already. q has what else is asked for. The error
// is that of Join.
func (c *Client) Follow(want Want, q hub.Request) error {
	q.Tenant, q.Subject, q.Note = want.Tenant, c.identity.Load().Subject, c.note(want)
	if !want.Filter.All() {
		q.Admit = want.Filter.Match
	}
	switch err := c.session.Join(q); {
	case errors.Is(err, hub.ErrTenantFull):
		return &Refusal{Code: LimitExceeded, Message: "this tenant has as many connections as it may have"}
	case errors.Is(err, hub.ErrTooManyJoins):
		return &Refusal{Code: LimitExceeded, Message: "this tenant is being joined; wait for the answer"}
	case errors.Is(err, hub.ErrTooManyTenants):
		return &Refusal{Code: LimitExceeded, Message: "this connection has joined as many tenants as it may; leave one first"}
	case err != nil:
		c.rules.Warn("a client cannot join", want.Tenant, err.Error())
		return &Refusal{Code: Internal, Message: "the server is at fault; its log says why"}
	}
	return nil
}

// note is what a client is told about its request with the answer, and the log of what
// cannot be meant.
func (c *Client) note(want Want) *hub.Note {
	var n hub.Note
	if !want.Filter.All() {
		n.Events = want.Events
	}
	if n.Hint = c.rules.Doubt(want.Tenant); n.Hint != "" {
		c.rules.Warn("a client joined a tenant that may never have a change", want.Tenant, n.Hint)
	} else if n.Hint = c.rules.Unheard(want.Filter); n.Hint != "" {
		c.rules.Warn("a client asked for events that never come", want.Tenant, n.Hint)
	}
	if n.Hint == "" && n.Events == nil {
		return nil
	}
	return &n
}

// Tenant is the name by which the feed knows a tenant.
func (c *Client) Tenant(name string) string { return c.rules.Tenant(name) }

// Leave leaves a tenant.
func (c *Client) Leave(tenant string) { c.session.Leave(c.Tenant(tenant)) }

// BadCommand counts a malformed command. It is true for the last one.
func (c *Client) BadCommand() bool {
	c.badCommands++
	return c.badCommands >= maxBadCommands
}
