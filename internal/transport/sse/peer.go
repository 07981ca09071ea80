package sse

import (
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

// watch waits until the client has gone, or the session has ended. What the
// client sends is thrown away; one that sends a lot is sent away.
func (p *peer) watch() {
	defer p.ReadDone()
	for ignored := 0; ; {
		p.AwaitRead()
		n, err := p.Read(make([]byte, 1<<10))
		if err != nil {
			p.session.CloseWith(signal.Gone, nil)
			return
		}
		if ignored += n; ignored > maxIgnored {
			p.session.Close(transport.BadRequest, "")
		}
	}
}
