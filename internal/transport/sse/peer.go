package sse

import (
	"net/http"

	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socket"
)

// maxIgnored is how many bytes a client may send that nobody reads.
const maxIgnored = 16 << 10

// peer is one connection.
type peer struct {
	*socket.Socket
	session *session.Session
}

// connect takes the connection of a request over, and begins the stream.
func (p *peer) connect(w http.ResponseWriter, r *http.Request) error {
	conn, refused := takeOver(w, r)
	if refused != nil {
		return refused
	}
	if err := begin(conn, w.Header()); err != nil {
		_ = conn.Close()
		return err
	}
	p.Socket = socket.New(conn)
	return nil
}

// watch waits until the client has gone, or the session has ended. What the
// client sends is thrown away; one that sends a lot is sent away.
func (p *peer) watch() {
	defer p.ReadDone()
	for ignored := 0; ; {
		p.AwaitRead()
		n, err := p.Read(make([]byte, 1<<10))
		if err != nil {
			p.session.Close(signal.Gone, "")
			return
		}
		if ignored += n; ignored > maxIgnored {
			p.session.Close(transport.BadRequest, "")
		}
	}
}
