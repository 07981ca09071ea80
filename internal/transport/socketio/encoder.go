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

// Encoder encodes events for the hub. It is a signal.Encoder. The signals of a session
// are encoded by its peer.
type Encoder struct {
	// Meta has the data of an event be followed by what is said about it.
	Meta bool
	// Recovery adds its cursor to every event, the offset by which a client asks for
	// what it missed.
	Recovery bool
}

var _ signal.Encoder = Encoder{}

// Encoders are all there are. The hub has to know them.
func Encoders() []signal.Encoder {
	return []signal.Encoder{Encoder{}, Encoder{Meta: true}, Encoder{Recovery: true}, Encoder{Meta: true, Recovery: true}}
}

// Name implements signal.Encoder.
func (Encoder) Name() string { return "socketio" }

// AppendEvent appends an event with its data, and what else the encoder adds.
func (w Encoder) AppendEvent(b []byte, e *feed.Event) []byte {
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
func (Encoder) AppendSignal(b []byte, _ *signal.Signal) []byte { return b }

// AppendClose appends the last frames of a code. A client comes back by itself
// when its transport is closed, but not when it was disconnected.
func (Encoder) AppendClose(b []byte, code errcode.Code, detail string) []byte {
	if code == transport.Revoked {
		b = socketio.AppendDisconnect(b, socketio.Main)
	}
	return transport.AppendCloseFrame(b, code, detail)
}
