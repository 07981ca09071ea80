package ws

import (
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/wire/websocket"
)

// Encoder encodes for the hub. It is a signal.Encoder.
type Encoder struct{}

var _ signal.Encoder = Encoder{}

// Name implements signal.Encoder.
func (Encoder) Name() string { return "ws" }

// AppendEvent appends an event as a text frame.
func (Encoder) AppendEvent(b []byte, e *feed.Event) []byte {
	start := len(b)
	return websocket.Seal(encode.AppendEvent(websocket.Open(b), e), start)
}

// AppendSignal appends a signal as a text frame.
func (Encoder) AppendSignal(b []byte, s *signal.Signal) []byte {
	start := len(b)
	return websocket.Seal(encode.AppendSignal(websocket.Open(b), s), start)
}

// AppendClose appends the close frame of a code.
func (Encoder) AppendClose(b []byte, code errcode.Code, detail string) []byte {
	return transport.AppendCloseFrame(b, code, detail)
}
