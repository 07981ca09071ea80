package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"rowcast/internal/auth"
	"rowcast/internal/socketio"
	"rowcast/internal/transport"
)

// verifyTimeout bounds the check of a token.
const verifyTimeout = 10 * time.Second

// namespace is the main namespace. It is a socketio.Namespace.
type namespace struct{ h *Handler }

// peerOf is the client of a socket.
func peerOf(s *socketio.Socket) *peer { return s.Outbox().(*peer) } //nolint:forcetypeassert // Handler.open made it

// Connect lets a client in whose credentials are good.
func (n namespace) Connect(s *socketio.Socket, payload json.RawMessage) {
	p := peerOf(s)
	if !p.hear() {
		return
	}
	c, malformed := parseConnect(payload)
	if malformed != nil {
		refuse(s, malformed)
		return
	}
	id, err := p.identify(c)
	switch {
	case err != nil:
		refused := transport.TokenProblem(err)
		n.h.opts.Gate.Rules.Note(context.Background(), nil, refused)
		if refused.Code == transport.Unavailable { // it comes back by itself
			p.session.Close(refused.Code, "")
			return
		}
		refuse(s, &transport.Refusal{Code: refused.Code, Message: refused.Detail})
	default:
		if full, ok := errors.AsType[*transport.Refusal](p.client.Adopt(id)); ok {
			refuse(s, full)
			return
		}
		p.accept(s, id, c)
	}
}

// identify checks the credentials of the client, or else those of its handshake. Of
// several tokens there, those that are meant for somebody else do not count.
func (p *peer) identify(c connect) (auth.Identity, error) {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	switch {
	case c.token != "":
		return p.h.opts.Gate.Verify(ctx, c.token)
	case c.ticket != "":
		if id, ok := p.h.opts.Gate.Redeem(c.ticket); ok {
			return id, nil
		}
		return auth.Identity{}, auth.ErrInvalid
	case p.prior != nil:
		return *p.prior, nil
	}
	refused := auth.Refuse(auth.ErrNoToken, nil)
	for i, token := range p.tokens {
		id, err := p.h.opts.Gate.Verify(ctx, token)
		if err == nil {
			return id, nil
		}
		if i == 0 || !errors.Is(err, auth.ErrInvalid) {
			refused = err
		}
	}
	return auth.Identity{}, refused
}

// refuse refuses a client for good, with a code that it can look at.
func refuse(s *socketio.Socket, why *transport.Refusal) {
	data := append([]byte(nil), `{"code":`...)
	s.Refuse(why.Message, append(transport.AppendString(data, string(why.Code)), '}'))
}

// Event does what a client asks for.
func (n namespace) Event(s *socketio.Socket, e socketio.Event) {
	p := peerOf(s)
	if !p.hear() {
		return
	}
	command, err := parseCommand(e)
	if err == nil {
		switch command.Type {
		case transport.CommandAuth:
			err = p.renew(s, command.Token, e.Ack)
		case transport.CommandJoin:
			err = p.join(command, e.Ack)
		case transport.CommandLeave:
			p.client.Leave(command.Tenant)
			e.Ack.Reply(append(transport.AppendString([]byte(`{"ok":true,"tenantId":`), p.client.Tenant(command.Tenant)), '}'))
		}
	}
	if refused, ok := errors.AsType[*transport.Refusal](err); ok {
		tell(s, e, refused, command.Tenant)
	}
}

// join joins a tenant. The answer comes through the session.
func (p *peer) join(command command, ack *socketio.Ack) error {
	command.Tenant = p.client.Tenant(command.Tenant)
	q := request{tenant: command.Tenant, ack: ack, filtered: len(command.Events) > 0, encoder: Encoder{Meta: p.meta}}
	if command.Meta != nil {
		q.encoder.Meta = *command.Meta
	}
	p.mu.Lock()
	q.encoder.Recovery = p.tenant != "" && p.tenant == q.tenant && !q.filtered
	p.mu.Unlock()
	command.Forgets = command.Cursor == "" && !q.encoder.Recovery
	requestID := p.ask(q)
	err := p.client.Join(command.Command, q.encoder, requestID)
	if err != nil {
		p.mu.Lock()
		delete(p.asked, requestID)
		p.mu.Unlock()
	}
	return err
}

// renew takes a fresh token of the same subject. Tenants that it lacks are left.
func (p *peer) renew(s *socketio.Socket, token string, ack *socketio.Ack) error {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	lost, err := p.client.Authenticate(ctx, token)
	if err != nil {
		return err
	}
	for _, tenant := range lost {
		s.Emit("error", transport.AppendError(nil, &transport.Refusal{
			Code: transport.Forbidden, Message: "the fresh token does not name this tenant",
		}, transport.CommandAuth, tenant))
	}
	ack.Reply([]byte(`{"ok":true}`))
	return nil
}

// tell says why something was not done: in the acknowledgement, or if none is
// wanted in an event.
func tell(s *socketio.Socket, e socketio.Event, refused *transport.Refusal, tenant string) {
	if e.Ack == nil {
		s.Emit("error", transport.AppendError(nil, refused, e.Name, tenant))
		return
	}
	e.Ack.Reply(refusedAnswer(refused))
}

// refusedAnswer acknowledges a request that was not done.
func refusedAnswer(refused *transport.Refusal) []byte {
	b := append([]byte(nil), `{"ok":false,"code":`...)
	b = append(transport.AppendString(b, string(refused.Code)), `,"message":`...)
	return append(transport.AppendString(b, refused.Message), '}')
}

// Disconnect leaves everything that the client has joined.
func (n namespace) Disconnect(s *socketio.Socket, _ string) {
	p := peerOf(s)
	p.forget()
	for _, tenant := range p.session.Tenants() {
		p.session.Leave(tenant)
	}
}
