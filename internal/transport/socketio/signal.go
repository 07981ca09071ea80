package socketio

import (
	"encoding/json"
	"strconv"

	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/wire/socketio"
)

// Offsets that are no cursor.
const (
	// offsetNothing: nothing is joined, so nothing is missed.
	offsetNothing = "-"
	// offsetUnknown: what was missed cannot be sent.
	offsetUnknown = "!"
)

// appendSignal encodes what the hub says. It is called with the lock of the
// session held.
func (p *peer) appendSignal(b []byte, m *signal.Signal) []byte {
	switch m.Kind {
	case signal.Joined:
		return p.appendJoined(b, m)
	case signal.Left:
		b = p.appendAbandoned(b, m.Tenant)
		if _, offers := p.offersOffsets(m.Tenant); !offers {
			return b // the acknowledgement says it
		}
		return appendObject(b, "left", encode.AppendSignal(nil, m), offsetNothing)
	case signal.Progress, signal.Reset:
		name, offset := "progress", ""
		if m.Kind == signal.Reset {
			name = "reset"
		}
		if encoder, offers := p.offersOffsets(m.Tenant); offers {
			offset = string(encoder.appendOffset(nil, m.Cursor))
		}
		return appendObject(b, name, encode.AppendSignal(nil, m), offset)
	case signal.Expiring:
		return appendObject(b, "token-expiring", encode.AppendSignal(nil, m), "")
	case signal.Stale:
		return appendObject(b, "error", encode.AppendSignal(nil, m), "")
	case signal.Ping: // the engine has a heartbeat of its own
	}
	return b
}

// appendJoined answers a request to join, or one to recover.
func (p *peer) appendJoined(b []byte, m *signal.Signal) []byte {
	q, recovers := p.answer(m.RequestID)
	switch {
	case q.recovering != nil && m.Reason == "":
		return q.recovering.AppendAccept(b, q.pid)
	case q.recovering != nil:
		return appendFresh(q.recovering.AppendAccept(b, newPID(markOf(q.pid))))
	}
	b = q.ack.Append(b, joinedAnswer(m))
	if recovers {
		offset := string(q.encoder.appendOffset(nil, m.Cursor))
		if q.filtered {
			offset = offsetUnknown
		}
		b = appendObject(b, "joined", encode.AppendSignal(nil, m), offset)
	}
	return b
}

// appendAbandoned answers the requests to join a tenant that was left before.
func (p *peer) appendAbandoned(b []byte, tenant string) []byte {
	for _, ack := range p.abandon(tenant) {
		b = ack.Append(b, refusedAnswer(&transport.Refusal{
			Code: transport.BadRequest, Message: "the tenant was left before it was joined",
		}))
	}
	return b
}

// appendFresh makes a client that could not recover forget its offset. Until it has
// joined again it cannot recover either: what it asks for may be lost.
func appendFresh(b []byte) []byte {
	return appendObject(b, "left", []byte(`{"type":"left"}`), offsetUnknown)
}

// appendObject appends an event with an object and, if not empty, an offset.
func appendObject(b []byte, name string, object json.RawMessage, offset string) []byte {
	if offset == "" {
		return socketio.AppendEvent(b, socketio.Main, name, object)
	}
	return socketio.AppendEvent(b, socketio.Main, name, object, encode.AppendString(nil, offset))
}

// joinedAnswer acknowledges a request to join.
func joinedAnswer(m *signal.Signal) []byte {
	b := append([]byte(nil), `{"ok":true,"tenantId":`...)
	b = append(encode.AppendString(b, m.Tenant), `,"cursor":`...)
	b = append(encode.AppendString(b, m.Cursor.String()), `,"position":`...)
	b = strconv.AppendInt(b, m.Cursor.Position, 10)
	if m.Reason != "" {
		b = append(b, `,"reset":`...)
		b = encode.AppendString(b, m.Reason)
	}
	b = encode.AppendNote(b, m.Note)
	return append(b, '}')
}
