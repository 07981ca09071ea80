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

// connect is what a client sends to connect.
type connect struct {
	Token, Ticket string
	// PID and Offset ask to recover.
	PID, Offset string
}

// Connect lets a client in whose credentials are good.
func (n namespace) Connect(s *socketio.Socket, payload json.RawMessage) {
	p := peerOf(s)
	if !p.hear() {
		return
	}
	var c connect
	if err := json.Unmarshal(payload, &c); err != nil {
		refuse(s, &transport.Refusal{Code: transport.BadRequest, Message: "auth.token has to be a text, the JWT"})
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
		p.accept(s, id, c.PID, c.Offset)
	}
}

// identify checks the credentials of the client, or else those of its handshake. Of
// several tokens there, those that are meant for somebody else do not count.
func (p *peer) identify(c connect) (auth.Identity, error) {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	switch {
	case c.Token != "":
		return p.h.opts.Gate.Verify(ctx, c.Token)
	case c.Ticket != "":
		if id, ok := p.h.opts.Gate.Redeem(c.Ticket); ok {
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
func (p *peer) join(command transport.Command, ack *socketio.Ack) error {
	command.Tenant = p.client.Tenant(command.Tenant)
	q := request{tenant: command.Tenant, ack: ack, filtered: len(command.Events) > 0}
	wire := p.h.opts.Wire
	p.mu.Lock()
	if p.tenant != "" && !q.filtered {
		wire = p.h.opts.RecoveryWire
	}
	p.mu.Unlock()
	command.Forgets = command.Cursor == "" && wire == p.h.opts.Wire
	ref := p.ask(q)
	err := p.client.Join(command, wire, ref)
	if err != nil {
		p.mu.Lock()
		delete(p.asked, ref)
		p.mu.Unlock()
	}
	return err
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
