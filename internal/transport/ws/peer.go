package ws

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/wire/websocket"
)

// verifyTimeout bounds the check of a token that came in a message.
const verifyTimeout = 10 * time.Second

// peer is one connection.
type peer struct {
	h       *Handler
	conn    *websocket.Conn
	session *session.Session
	client  *transport.Client
	limit   *rate.Limiter
}

// start welcomes a client, unless it was ended already, and starts to read from it.
func (h *Handler) start(conn *websocket.Conn, client *transport.Client) {
	p := &peer{h: h, conn: conn, session: client.Session(), client: client, limit: rate.NewLimiter(h.opts.Rate, h.opts.Burst)}
	p.send(encode.AppendWelcome(websocket.Open(nil), h.opts.PingInterval, h.opts.PingTimeout))
	h.peers.Run(p.read)
}

// errEnded ends reading because the session was ended.
var errEnded = errors.New("session ended")

// hear notes a message or control frame.
func (p *peer) hear() error {
	p.session.Alive()
	if !p.limit.Allow() {
		p.session.Close(transport.RateLimited, "")
		return errEnded
	}
	return nil
}

// Ping implements websocket.Handler.
func (p *peer) Ping(payload string) error {
	err := p.hear()
	if err == nil {
		p.session.Send(websocket.AppendPong(nil, payload))
	}
	return err
}

// Pong implements websocket.Handler.
func (p *peer) Pong() error { return p.hear() }

// read handles messages until the connection ends, and ends the session.
func (p *peer) read() {
	end, reply := p.conn.Read(p, p.h.opts.MaxMessage)
	switch end {
	case websocket.Stopped:
	case websocket.TooBig:
		p.session.Close(transport.TooBig, "")
	case websocket.Malformed:
		p.session.Close(transport.BadFrame, "")
	case websocket.Left, websocket.Lost:
		p.session.Close(signal.Gone, "", reply...)
	}
	p.conn.Linger()
}

// Message implements websocket.Handler.
func (p *peer) Message(kind websocket.Kind, message []byte) error {
	if err := p.hear(); err != nil {
		return err
	}
	switch {
	case kind != websocket.Text:
		p.session.Close(transport.BadRequest, "messages are text")
		return errEnded
	case !utf8.Valid(message):
		p.session.Close(transport.BadText, "")
		return errEnded
	}
	return p.command(message)
}

// command does what a message says.
func (p *peer) command(message []byte) error {
	command, err := transport.ParseCommand(message)
	if err == nil {
		switch command.Type {
		case transport.CommandPing:
			p.send(encode.AppendPong(websocket.Open(nil)))
		case transport.CommandJoin:
			err = p.client.Join(command, nil, 0)
		case transport.CommandLeave:
			p.client.Leave(command.Tenant)
		case transport.CommandAuth:
			err = p.authenticate(command.Token)
		}
	}
	refused, ok := errors.AsType[*transport.Refusal](err)
	if !ok {
		return err
	}
	p.send(encode.AppendError(websocket.Open(nil), refused.Code, refused.Message, command.Type, command.Tenant))
	switch {
	case refused.Ends:
		p.session.Close(refused.Code, refused.Message)
		return errEnded
	case refused.Code == transport.BadRequest && p.client.BadCommand():
		p.session.Close(transport.BadRequest, refused.Message)
		return errEnded
	}
	return nil
}

// authenticate takes a token.
func (p *peer) authenticate(token string) error {
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	lost, err := p.client.Authenticate(ctx, token)
	for _, tenant := range lost {
		p.send(encode.AppendError(websocket.Open(nil), transport.Forbidden, "the fresh token does not name this tenant", transport.CommandAuth, tenant))
	}
	return err
}

// send sends a message that begins with the room of websocket.Open.
func (p *peer) send(message []byte) { p.session.Send(websocket.Seal(message, 0)) }
