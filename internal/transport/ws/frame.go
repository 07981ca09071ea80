package ws

import (
	"encoding/binary"
	"strings"

	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/transport"
)

// First bytes of the frames that the server sends, each a message of its own.
const (
	textFrame  = 0x81
	closeFrame = 0x88
	pongFrame  = 0x8a
)

// maxControl is the longest payload of a control frame.
const maxControl = 125

// maxHeader is the longest header of a frame without a mask.
const maxHeader = 10

// Wire encodes for the hub. It is a hub.Wire.
type Wire struct{}

var _ hub.Wire = Wire{}

// AppendEvent appends an event as a text frame.
func (Wire) AppendEvent(b []byte, e *feed.Event) []byte {
	start := len(b)
	return seal(transport.AppendEvent(open(b), e), start)
}

// AppendSignal appends a signal as a text frame.
func (Wire) AppendSignal(b []byte, s *hub.Signal) []byte {
	start := len(b)
	return seal(transport.AppendSignal(open(b), s), start)
}

// AppendClose appends a close frame. The reason is the name of the cause and
// the detail.
func (Wire) AppendClose(b []byte, cause hub.Cause, detail string) []byte {
	reason := string(cause)
	if detail != "" {
		reason += "; " + detail
	}
	if cause == hub.Gone {
		reason = ""
	}
	return appendClose(b, transport.CloseOf(cause).Code, reason)
}

// appendClose appends a close frame; code 0 stands for none.
func appendClose(b []byte, code int, reason string) []byte {
	if code == 0 {
		return append(b, closeFrame, 0)
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxControl-2)], "")
	b = append(b, closeFrame, byte(2+len(reason)))
	b = binary.BigEndian.AppendUint16(b, uint16(code))
	return append(b, reason...)
}

// appendPong appends the answer to a ping frame.
func appendPong(b []byte, payload string) []byte {
	return append(append(b, pongFrame, byte(len(payload))), payload...)
}

// open leaves room for the header of a frame.
func open(b []byte) []byte { return append(b, make([]byte, maxHeader)...) }

// seal puts the header before the payload that follows after the room that
// open left at start.
func seal(b []byte, start int) []byte {
	payload := b[start+maxHeader:]
	n := len(payload)
	header := b[start : start+2]
	header[0] = textFrame
	switch {
	case n <= maxControl:
		header[1] = byte(n)
	case n <= 0xffff:
		header[1] = 126
		header = binary.BigEndian.AppendUint16(header, uint16(n))
	default:
		header[1] = 127
		header = binary.BigEndian.AppendUint64(header, uint64(n))
	}
	end := start + len(header)
	return b[:end+copy(b[end:], payload)]
}
