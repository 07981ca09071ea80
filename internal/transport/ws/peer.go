package ws

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"rowcast/internal/auth"
	"rowcast/internal/hub"
	"rowcast/internal/transport"
)

// verifyTimeout bounds the check of a token that came in a message.
const verifyTimeout = 10 * time.Second

// peer is one connection.
type peer struct {
	h       *Handler
	conn    *websocket.Conn
	guard   *guard
	reader  *bufio.Reader
	socket  *transport.Socket
	session *hub.Session
	client  *transport.Client
	limit   *rate.Limiter
}

// start opens a session for a connection and has it read.
func (h *Handler) start(conn *websocket.Conn, taken *hijacker, id *auth.Identity, refused *refusal) {
	g := taken.guard
	p := &peer{h: h, conn: conn, guard: g, reader: taken.reader, socket: transport.NewSocket(g.Conn)}
	p.limit = rate.NewLimiter(h.opts.Rate, h.opts.Burst)
	session, err := h.opts.Hub.Open(hub.SessionOptions{
		Conn: p.socket, Wire: h.opts.Wire, PingInterval: h.opts.PingInterval,
	})
	if err != nil {
		_ = g.Conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = g.Conn.Write(Wire{}.AppendClose(nil, hub.Shutdown, ""))
		_ = g.Close()
		return
	}
	p.session = session
	p.client = transport.NewClient(session, h.opts.Verify)
	if id != nil {
		p.client.Adopt(*id)
	}
	if refused != nil {
		p.session.Close(refused.code, refused.detail)
	} else {
		welcome := transport.AppendWelcome(open(nil), h.opts.PingInterval, h.opts.PingTimeout)
		p.session.Send(seal(welcome, 0))
	}

	conn.SetReadLimit(h.opts.MaxMessage)
	conn.SetCloseHandler(func(int, string) error { return nil }) // answered by end
	conn.SetPongHandler(func(string) error { return p.hear() })
	conn.SetPingHandler(func(payload string) error {
		err := p.hear()
		if err == nil {
			p.session.Send(appendPong(nil, payload))
		}
		return err
	})
	h.peers.run(p.read)
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

// read handles messages until the connection ends.
func (p *peer) read() {
	err := p.messages()
	p.end(err)
	if errors.Is(err, errEnded) { // until the peer closes, too
		for err = nil; err == nil; {
			_, _, err = p.conn.NextReader()
		}
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code == websocket.CloseAbnormalClosure {
		// What is still on its way has to be read, or the kernel answers it
		// with a reset that overtakes the close frame. Hangup bounds the time.
		_, _ = io.Copy(io.Discard, p.socket)
	}
	p.socket.ReadDone()
}

// messages handles message after message. A silent client costs the stack of
// this goroutine, so it only waits; another one does the work.
func (p *peer) messages() error {
	for {
		if p.reader.Buffered() == 0 {
			p.socket.AwaitRead()
		}
		done := make(chan error)
		go func() { done <- p.message() }()
		if err := <-done; err != nil {
			return err
		}
	}
}

// message reads a message and does what it says.
func (p *peer) message() error {
	kind, r, err := p.conn.NextReader()
	if err != nil {
		return err
	}
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := p.hear(); err != nil {
		return err
	}
	switch {
	case kind != websocket.TextMessage:
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
			p.send(transport.AppendPong(open(nil)))
		case transport.CommandJoin:
			err = p.client.Join(command, 0)
		case transport.CommandLeave:
			p.session.Leave(command.Tenant)
		case transport.CommandAuth:
			err = p.authenticate(command.Token)
		}
	}
	refused, ok := errors.AsType[*transport.Refusal](err)
	if !ok {
		return err
	}
	p.send(transport.AppendError(open(nil), refused, command.Type, command.Tenant))
	switch {
	case refused.Ends:
		p.session.Close(refused.Code, "")
		return errEnded
	case refused.Code == transport.BadRequest && p.client.Strike():
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
		p.send(transport.AppendError(open(nil), &transport.Refusal{
			Code: transport.Forbidden, Message: "the fresh token does not name this tenant",
		}, transport.CommandAuth, tenant))
	}
	return err
}

// send sends a message that begins with the room of open.
func (p *peer) send(message []byte) { p.session.Send(seal(message, 0)) }

// end ends the session for the reason that reading ended.
func (p *peer) end(err error) {
	closed, isClose := errors.AsType[*websocket.CloseError](err)
	switch {
	case errors.Is(err, errEnded):
	case isClose && closed.Code == websocket.CloseNoStatusReceived:
		p.session.CloseWith(hub.Gone, appendClose(nil, 0, ""))
	case isClose && closed.Code != websocket.CloseAbnormalClosure:
		p.session.CloseWith(hub.Gone, appendClose(nil, closed.Code, ""))
	case errors.Is(err, websocket.ErrReadLimit):
		p.session.Close(transport.TooBig, "")
	case p.guard.refused.Load():
		p.session.Close(transport.BadFrame, "")
	default:
		p.session.CloseWith(hub.Gone, nil)
	}
}
