package socketio

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"rowcast/internal/access/auth"
	"rowcast/internal/feed"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socketio"
)

// mark is the end of the secrets by which clients of an identity recover.
// Nothing is kept of them: the token says what may be read, the offset from
// where.
func mark(id auth.Identity) string {
	sum := sha256.Sum256([]byte(id.Subject + "\x00" + id.Tenants[0]))
	return hex.EncodeToString(sum[:8])
}

// newPID is a new secret with a mark.
func newPID(mark string) string { return rand.Text() + "." + mark }

// markOf is the mark of a secret, empty if it has none.
func markOf(pid string) string {
	_, mark, _ := strings.Cut(pid, ".")
	return mark
}

// metaMark ends the offsets of a client that gets meta: it recovers as it had joined.
const metaMark = "+meta"

// appendOffset appends the offset of an event.
func (w Encoder) appendOffset(b []byte, c feed.Cursor) []byte {
	b = c.AppendText(b)
	if w.Meta {
		b = append(b, metaMark...)
	}
	return b
}

// accept lets a client in, and if it asks for it and may, with what it missed.
func (p *peer) accept(s *socketio.Socket, id auth.Identity, c connect) {
	p.meta = c.meta
	pid := c.pid
	if !p.h.opts.Recovery || c.forgoes || len(id.Tenants) != 1 {
		// An offset has the position in one tenant.
		p.recover("")
		s.Accept("")
		return
	}
	p.recover(id.Tenants[0])
	own := mark(id)
	known := markOf(pid) == own
	offset, meta := strings.CutSuffix(c.offset, metaMark)
	_, err := feed.ParseCursor(offset)
	switch {
	case known && offset == offsetNothing:
		s.Accept(pid)
	case known && err == nil:
		q := request{tenant: id.Tenants[0], encoder: Encoder{Meta: meta, Recovery: true}, recovering: s, pid: pid}
		command := transport.Command{Tenant: q.tenant, Cursor: offset, ResumeOnly: true}
		if p.client.Join(command, q.encoder, p.ask(q)) != nil {
			p.session.Close(transport.LimitExceeded, "") // it has joined nothing else
		}
	default:
		s.Accept(newPID(own))
		if pid != "" {
			s.Send(appendFresh(nil))
		}
	}
}
