package socketio

import (
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

// Wire encodes events for the hub. It is a signal.Wire. The signals of a session
// are encoded by its peer.
type Wire struct {
	// Meta has the data of an event be followed by what is said about it.
	Meta bool
	// Recovery has every event end with its cursor, the offset by which a client
	// asks for what it missed.
	Recovery bool
}

var _ signal.Wire = Wire{}

// Wires are all there are. The hub has to know them.
func Wires() []signal.Wire {
	return []signal.Wire{Wire{}, Wire{Meta: true}, Wire{Recovery: true}, Wire{Meta: true, Recovery: true}}
}

// Name implements signal.Wire.
func (Wire) Name() string { return "socketio" }

// AppendEvent appends an event with its data, and what else the wire has.
func (w Wire) AppendEvent(b []byte, e *feed.Event) []byte {
	start := len(b)
	b = append(engineio.Begin(b), byte(socketio.EventPacket), '[')
	b = encode.AppendString(b, e.Name)
	b = append(b, ',')
	b = encode.AppendData(b, e)
	if w.Meta {
		b = append(b, ',')
		b = encode.AppendMeta(b, e)
	}
	if w.Recovery {
		b = append(b, `,"`...)
		b = append(w.appendOffset(b, e.Cursor), '"') // the name of a feed needs no escapes
	}
	return engineio.End(append(b, ']'), start)
}

// AppendSignal appends nothing.
func (Wire) AppendSignal(b []byte, _ *signal.Signal) []byte { return b }

// AppendClose appends the last frames of a cause. A client comes back by itself
// when its transport is closed, but not when it was disconnected.
func (Wire) AppendClose(b []byte, cause errcode.Code, detail string) []byte {
	if cause == transport.Revoked {
		b = socketio.AppendDisconnect(b, socketio.Main)
	}
	return transport.AppendCloseFrame(b, cause, detail)
}
