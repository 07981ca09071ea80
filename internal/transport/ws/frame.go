package ws

import (
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/transport"
	"rowcast/internal/websocket"
)

// Encoder encodes for the hub. It is a hub.Encoder.
type Encoder struct{}

var _ hub.Encoder = Encoder{}

// Name implements hub.Encoder.
func (Encoder) Name() string { return "ws" }

// AppendEvent appends an event as a text frame.
func (Encoder) AppendEvent(b []byte, e *feed.Event) []byte {
	start := len(b)
	return websocket.Seal(transport.AppendEvent(websocket.Open(b), e), start)
}

// AppendSignal appends a signal as a text frame.
func (Encoder) AppendSignal(b []byte, s *hub.Signal) []byte {
	start := len(b)
	return websocket.Seal(transport.AppendSignal(websocket.Open(b), s), start)
}

// AppendClose appends the close frame of a code.
func (Encoder) AppendClose(b []byte, code errcode.Code, detail string) []byte {
	return transport.AppendCloseFrame(b, code, detail)
}
