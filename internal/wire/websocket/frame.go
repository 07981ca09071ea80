package websocket

import (
	"encoding/binary"
	"strings"
)

// First bytes of the frames that a server sends, each a message of its own.
const (
	textFrame   = 0x81
	binaryFrame = 0x82
	closeFrame  = 0x88
	pongFrame   = 0x8a
)

// maxControl is the longest payload of a control frame.
const maxControl = 125

// maxHeader is the longest header of a frame without a mask.
const maxHeader = 10

// maxPayload is more than any frame has, and keeps sums from overflowing.
const maxPayload = 1 << 40

// Open leaves room for the header of a frame.
func Open(b []byte) []byte { return append(b, make([]byte, maxHeader)...) }

// Seal makes a text frame of the payload that follows after the room that Open
// left at start.
func Seal(b []byte, start int) []byte { return seal(b, start, textFrame) }

// SealBinary is Seal for a binary frame.
func SealBinary(b []byte, start int) []byte { return seal(b, start, binaryFrame) }

func seal(b []byte, start int, first byte) []byte {
	payload := b[start+maxHeader:]
	n := len(payload)
	header := b[start : start+2]
	header[0] = first
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

// AppendClose appends a close frame; code 0 stands for none.
func AppendClose(b []byte, code int, reason string) []byte {
	if code == 0 {
		return append(b, closeFrame, 0)
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxControl-2)], "")
	b = append(b, closeFrame, byte(2+len(reason)))
	b = binary.BigEndian.AppendUint16(b, uint16(code))
	return append(b, reason...)
}

// AppendPong appends the answer to a ping frame.
func AppendPong(b []byte, payload string) []byte {
	return append(append(b, pongFrame, byte(len(payload))), payload...)
}

// Kind says what a frame is.
type Kind byte

// The kinds of frames that a server sends.
const (
	Text   Kind = textFrame
	Binary Kind = binaryFrame
	Close  Kind = closeFrame
	Pong   Kind = pongFrame
)

// Cut splits the first frame of those that a server sends off b. whole is the
// length of the frame, 0 if b does not even hold its header; payload is nil
// unless b holds all of it.
func Cut(b []byte) (kind Kind, payload []byte, whole int) {
	if len(b) < 2 {
		return 0, nil, 0
	}
	header, n := 2, uint64(b[1])
	switch b[1] {
	case 126:
		if header = 4; len(b) >= header {
			n = uint64(binary.BigEndian.Uint16(b[2:]))
		}
	case 127:
		if header = maxHeader; len(b) >= header {
			n = binary.BigEndian.Uint64(b[2:])
		}
	}
	if len(b) < header {
		return 0, nil, 0
	}
	whole = header + int(min(n, maxPayload))
	if len(b) < whole {
		return Kind(b[0]), nil, whole
	}
	return Kind(b[0]), b[header:whole:whole], whole
}
