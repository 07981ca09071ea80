package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/wire/socketio"
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
	by := p.identify(c)
	switch {
	case by.Refused != nil:
		n.h.opts.Gate.Note(context.Background(), nil, by.Refused)
		if by.Refused.Code == transport.Unavailable { // it comes back by itself
			p.session.Close(by.Refused.Code, "")
			return
		}
		refuse(s, &transport.Refusal{Code: by.Refused.Code, Message: by.Refused.Detail})
	default:
		if full, ok := errors.AsType[*transport.Refusal](p.client.Adopt(*by.Identity)); ok {
			refuse(s, full)
			return
		}
		p.accept(s, *by.Identity, c)
	}
}

// identify checks the credentials of the client, or else those of its handshake.
func (p *peer) identify(c connect) transport.Credential {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	gate := p.h.opts.Gate
	switch {
	case c.token != "":
		return gate.Check(ctx, c.token)
	case c.ticket != "":
		if id, ok := gate.Redeem(c.ticket); ok {
			return transport.Credential{Identity: &id}
		}
		return transport.Credential{Refused: transport.TokenProblem(auth.ErrInvalid)}
	case p.prior != nil:
		return transport.Credential{Identity: p.prior}
	}
	return p.offer.Headers(ctx)
}

// refuse refuses a client for good, with a code that it can look at.
func refuse(s *socketio.Socket, why *transport.Refusal) {
	data := append([]byte(nil), `{"code":`...)
	s.Refuse(why.Message, append(encode.AppendString(data, string(why.Code)), '}'))
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
			e.Ack.Reply(append(encode.AppendString([]byte(`{"ok":true,"tenantId":`), p.client.Tenant(command.Tenant)), '}'))
		}
	}
	if refused, ok := errors.AsType[*transport.Refusal](err); ok {
		reject(s, e, refused, command.Tenant)
	}
}

// join joins a tenant. The answer comes through the session.
func (p *peer) join(command command, ack *socketio.Ack) error {
	command.Tenant = p.client.Tenant(command.Tenant)
	q := request{tenant: command.Tenant, ack: ack, filtered: len(command.Events) > 0 || len(command.Where) > 0 && string(command.Where) != "null", encoder: Encoder{Meta: p.meta}}
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
		s.Emit("error", encode.AppendError(nil, transport.Forbidden, "the fresh token does not name this tenant", transport.CommandAuth, tenant))
	}
	ack.Reply([]byte(`{"ok":true}`))
	return nil
}

// reject says why something was not done: in the acknowledgement, or if none is
// wanted in an event.
func reject(s *socketio.Socket, e socketio.Event, refused *transport.Refusal, tenant string) {
	if e.Ack == nil {
		s.Emit("error", encode.AppendError(nil, refused.Code, refused.Message, e.Name, tenant))
		return
	}
	e.Ack.Reply(refusedAnswer(refused))
}

// refusedAnswer acknowledges a request that was not done.
func refusedAnswer(refused *transport.Refusal) []byte {
	b := append([]byte(nil), `{"ok":false,"code":`...)
	b = append(encode.AppendString(b, string(refused.Code)), `,"message":`...)
	return append(encode.AppendString(b, refused.Message), '}')
}

// Disconnect leaves everything that the client has joined.
func (n namespace) Disconnect(s *socketio.Socket, _ string) {
	p := peerOf(s)
	p.forget()
	for _, tenant := range p.session.Tenants() {
		p.session.Leave(tenant)
	}
}
