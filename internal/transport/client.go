package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/tenant"
	"rowcast/internal/errcode"
	"rowcast/internal/hub"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
)

// authTimeout is how long a client may stay anonymous.
const authTimeout = 10 * time.Second

// expiryNotice is how long before its end a client hears of it.
const expiryNotice = 30 * time.Second

// maxBadCommands is how many malformed commands end a session.
const maxBadCommands = 3

// VerifyFunc says who a token speaks for, as auth.Verifier.Verify.
type VerifyFunc func(ctx context.Context, token string) (auth.Identity, error)

// known is who a client is.
type known struct {
	auth.Identity
	// kept has those claims that rules used when the client came, instead of all. It is
	// nil if there was no policy.
	kept *policy.Viewer
}

// Client is the peer of a session: what it may do. One goroutine uses it, and the hub,
// whose Owner it is.
type Client struct {
	session *session.Session
	gate    *Gate
	// identity is nil while the client is anonymous. It is not changed, only
	// replaced.
	identity    atomic.Pointer[known]
	slot        *Slot
	badCommands int
	// doubt is why the credentials of the handshake were refused, nil without one.
	doubt *Refusal
	// supposed: the identity is from a header, and has not been used.
	supposed bool
}

// Let lets the client of a request in: it takes a slot of its address, has connect make
// the connection, and opens its session. The client has what it presents with the
// request, or little time to authenticate. One whose credentials end it is closed at
// once.
//
// The error is a *Problem if the address has no slot left, that of connect, or
// session.ErrDraining: a connection that came when the server was shutting down already
// is sent that and ended, if it is one of its own. The slot is given back with the
// session, or with an error.
func (g *Gate) Let(h *hub.Hub, r *http.Request, by Credential, connect func() (session.Peer, error)) (*Client, error) {
	slot, full := g.Limits.Slot(r)
	if full != nil {
		return nil, full
	}
	c := &Client{gate: g, slot: slot}
	peer, err := connect()
	if err == nil {
		if c.session, err = h.Open(peer); err != nil {
			turnAway(peer)
		}
	}
	if err != nil {
		slot.Leave()
		return nil, err
	}
	c.session.Deadline(time.Now().Add(authTimeout), time.Time{}, AuthTimeout)
	c.session.Own(c)
	c.present(by)
	return c, nil
}

// Session is that of the client.
func (c *Client) Session() *session.Session { return c.session }

// turnAway ends a connection that came when the server was shutting down already. A
// session of Engine.IO is no connection; its handshake is refused.
func turnAway(p session.Peer) {
	conn, ok := p.Conn.(io.Closer)
	if !ok {
		return
	}
	_ = p.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = p.Conn.Write(p.Encoder.AppendClose(nil, signal.Shutdown, ""))
	_ = conn.Close()
}

// Check implements session.Owner.
func (c *Client) Check() errcode.Code {
	if id := c.identity.Load(); id != nil && c.gate.Revoked(&id.Identity) {
		return Revoked
	}
	return ""
}

// Left implements session.Owner.
func (c *Client) Left() { c.slot.Leave() }

// Adopt gives a client an identity that was verified before. One that was
// revoked since ends the session. The error is a *Refusal that should, too: the
// subject has too many connections.
//
// The expiry of a token is a time by the clock on the wall. How long it is until then
// is found out here, once. The session counts that by a clock that nobody sets, so that
// a step of the other one neither ends sessions nor lengthens them.
func (c *Client) Adopt(id auth.Identity) error {
	if !c.slot.SetSubject(id.Subject) {
		full := &Problem{Code: LimitExceeded, About: "subject", Detail: "this subject has as many connections as it may have; close one first"}
		c.gate.Note(context.Background(), nil, full)
		return &Refusal{Code: full.Code, Message: full.Detail, Ends: c.identity.Load() == nil}
	}
	before := c.identity.Load()
	kept, refused := c.gate.viewer(&id, "")
	if refused != nil {
		return &Refusal{Code: refused.Code, Message: refused.Detail, Ends: before == nil}
	}
	id.Claims = nil
	c.identity.Store(&known{id, kept})
	if before != nil && before.kept != kept {
		c.session.LookAgain()
	}
	c.supposed = false
	c.session.Deadline(id.Expires, id.Expires.Add(-expiryNotice), TokenExpired)
	c.session.Own(c)
	return nil
}

// present takes the credential of a handshake. One of a header that is refused may be
// meant for a proxy: the client has the time of one without to send its own, and is
// refused for it if it does something else. One that is accepted is replaced by the
// first that the client sends, also of another subject. Any other that is refused ends
// the session.
func (c *Client) present(by Credential) {
	switch {
	case by.Identity != nil:
		if full, ok := errors.AsType[*Refusal](c.Adopt(*by.Identity)); ok {
			c.session.Close(full.Code, "")
		}
		c.supposed = by.Header
	case by.Refused != nil && by.Header:
		c.doubt = &Refusal{Code: by.Refused.Code, Message: by.Refused.Detail, Ends: true}
		c.session.Deadline(time.Now().Add(authTimeout), time.Time{}, c.doubt.Code)
	case by.Refused != nil:
		c.session.Close(by.Refused.Code, by.Refused.Detail)
	}
}

// Authenticate takes a token: the first, or a fresh one of the same subject.
// lost are tenants that a fresh token lacks and that were left for it. The
// error is a *Refusal; a first token that is refused ends the session.
func (c *Client) Authenticate(ctx context.Context, token string) (lost []string, err error) {
	id, err := c.gate.Verify(ctx, auth.Bare(token))
	switch known := c.identity.Load(); {
	case err != nil:
		refused := TokenProblem(err)
		c.gate.Note(ctx, nil, refused)
		return nil, &Refusal{Code: refused.Code, Message: refused.Detail, Ends: known == nil}
	case known != nil && !c.supposed && id.Subject != known.Subject:
		return nil, &Refusal{Code: Forbidden, Message: "the fresh token is of another subject; connect anew with it"}
	}
	if err := c.Adopt(id); err != nil {
		return nil, err
	}
	for _, tenant := range c.session.Tenants() {
		if !c.gate.Allows(id, c.gate.Tenant(tenant)) {
			c.session.Leave(tenant)
			lost = append(lost, tenant)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// TokenCode is the code for an error of a VerifyFunc.
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
// ref.
func (c *Client) Join(command Command, encoder signal.Encoder, requestID uint64) error {
	id := c.identity.Load()
	switch {
	case id == nil && c.doubt != nil:
		return c.doubt
	case id == nil:
		return &Refusal{Code: Forbidden, Message: "authenticate before joining a tenant"}
	}
	want, refused := c.gate.want(context.Background(), id.Identity, c.viewer, command.Tenant, command.Events, command.Where)
	if refused == nil || refused.Code != Forbidden {
		c.supposed = false
	}
	if refused != nil {
		if refused.Code != BadRequest {
			c.gate.Note(context.Background(), nil, refused)
		}
		return &Refusal{Code: refused.Code, Message: refused.Detail}
	}
	return c.Follow(want, session.Request{Cursor: command.Cursor, Encoder: encoder, ResumeOnly: command.ResumeOnly, Forgets: command.Forgets, RequestID: requestID})
}

// Follow subscribes to what was checked already. q has what else is asked for. The error
// is that of Join.
func (c *Client) Follow(want Want, q session.Request) error {
	id := c.identity.Load()
	if id == nil { // it was ended
		return nil
	}
	q.Tenant, q.Subject, q.Subjects, q.Note = want.Tenant, id.Subject, view.Subjects(tenant.Spellings(id.Subject)), c.note(want)
	q.See = c.sees(want.Tenant, want.View)
	if !want.Filter.All() {
		q.Admit = want.Filter.Match
	}
	err := c.session.Join(q)
	if none, ok := errors.AsType[*session.Refused](err); ok {
		return &Refusal{Code: none.Code, Message: none.Detail, Ends: none.Code == signal.PolicyChanged}
	}
	switch {
	case errors.Is(err, session.ErrTenantFull):
		return &Refusal{Code: LimitExceeded, Message: "this tenant has as many connections as it may have"}
	case errors.Is(err, session.ErrTooManyViews):
		return &Refusal{Code: LimitExceeded, Message: "this tenant has as many different filters and roles as it may have; use a filter that is in use, or none"}
	case errors.Is(err, session.ErrTooManyJoins):
		return &Refusal{Code: LimitExceeded, Message: "this tenant is being joined; wait for the answer"}
	case errors.Is(err, session.ErrTooManyTenants):
		return &Refusal{Code: LimitExceeded, Message: "this connection has joined as many tenants as it may; leave one first"}
	case err != nil:
		c.gate.Refusals.Warn("a client cannot join", want.Tenant, err.Error())
		return &Refusal{Code: Internal, Message: "the server is at fault; its log says why"}
	}
	return nil
}

// note is what a client receives about its request with the answer. The log receives
// what cannot be meant.
func (c *Client) note(want Want) *signal.Note {
	var n signal.Note
	see := func() *policy.Viewer {
		viewer, _ := c.viewer(want.Tenant) // without one the join is refused
		return viewer
	}
	if !want.Filter.All() {
		n.Events = want.Events
	}
	if n.Hint = c.gate.Doubt(want.Tenant); n.Hint != "" {
		c.gate.Refusals.Warn("a client joined a tenant that may never have a change", want.Tenant, n.Hint)
	} else if n.Hint = c.gate.Unheard(want.Filter, see); n.Hint != "" {
		c.gate.Refusals.Warn("a client asked for events that never come", want.Tenant, n.Hint)
	}
	n.Holes = c.gate.Rules.Withholds()
	if n.Hint == "" && n.Events == nil && !n.Holes {
		return nil
	}
	return &n
}

// Tenant is the name by which the feed knows a tenant.
func (c *Client) Tenant(name string) string { return c.gate.Tenant(name) }

// Leave leaves a tenant.
func (c *Client) Leave(tenant string) { c.session.Leave(c.Tenant(tenant)) }

// BadCommand counts a malformed command. It is true for the last one.
func (c *Client) BadCommand() bool {
	c.badCommands++
	return c.badCommands >= maxBadCommands
}
