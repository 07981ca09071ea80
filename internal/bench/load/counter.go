package load

import (
	"encoding/binary"
	"fmt"
)

// frameKind is what a frame of the server says, as far as a client counts it.
type frameKind byte

const (
	otherFrame frameKind = iota
	eventFrame
	// openFrame greets; connectedFrame is that of Socket.IO after it.
	openFrame
	connectedFrame
	joinedFrame
	pingFrame
	// fatalFrame says that the client will not get its events.
	fatalFrame
)

const (
	// maxHeader is the longest header of a frame without a mask.
	maxHeader = 10
	// keepBytes is how much of a payload is kept to tell what it is, and of which row.
	keepBytes = 512
	closeOp   = 8
)

// counter counts the frames in a stream of bytes that is cut anywhere.
type counter struct {
	// text tells what a text frame is.
	text    func(payload []byte) frameKind
	header  [maxHeader]byte
	have    int // bytes of the header so far
	left    int // bytes of the payload to come
	payload []byte
	// fatal is the frame that ended it, in words.
	fatal string
}

// feed takes more of the stream and calls found for each frame that ends in it.
func (c *counter) feed(b []byte, found func(frameKind)) {
	for len(b) > 0 || c.have > 0 && c.left == 0 && c.have == c.headerSize() {
		if size := c.headerSize(); c.have < size {
			n := copy(c.header[c.have:size], b)
			c.have, b = c.have+n, b[n:]
			if c.have < 2 || c.have < c.headerSize() {
				continue
			}
			c.left, c.payload = c.length(), c.payload[:0]
		}
		n := min(c.left, len(b))
		c.payload = append(c.payload, b[:min(n, keepBytes-len(c.payload))]...)
		c.left, b = c.left-n, b[n:]
		if c.left > 0 {
			return
		}
		found(c.kind())
		c.have = 0
	}
}

// headerSize is how long the header is, as far as it is known.
func (c *counter) headerSize() int {
	if c.have < 2 {
		return 2
	}
	switch c.header[1] & 0x7f {
	case 126:
		return 4
	case 127:
		return maxHeader
	}
	return 2
}

func (c *counter) length() int {
	switch n := c.header[1] & 0x7f; n {
	case 126:
		return int(binary.BigEndian.Uint16(c.header[2:]))
	case 127:
		return int(binary.BigEndian.Uint64(c.header[2:]))
	default:
		return int(n)
	}
}

// kind tells what the complete frame is.
func (c *counter) kind() frameKind {
	if c.header[0]&0x0f == closeOp {
		c.fatal = "closed without a code"
		if len(c.payload) > 1 {
			c.fatal = fmt.Sprintf("closed with %d %s", binary.BigEndian.Uint16(c.payload), c.payload[2:])
		}
		return fatalFrame
	}
	kind := c.text(c.payload)
	if kind == fatalFrame {
		c.fatal = string(c.payload)
	}
	return kind
}

// appendText appends a text frame, masked with zeros as a client may.
func appendText(b []byte, text string) []byte {
	const final, masked = 0x81, 0x80
	b = append(b, final)
	if n := len(text); n < 126 {
		b = append(b, masked|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(n))
	}
	return append(append(b, 0, 0, 0, 0), text...)
}

// EventFrame is a text frame of about so many bytes in all that counts as an event.
func EventFrame(size int) []byte {
	const head = `{"type":"event","event":"bare:write","data":"`
	payload := max(size-4, len(head)+126)
	frame := append([]byte{0x81, 126, byte(payload >> 8), byte(payload)}, head...)
	for len(frame) < payload+4-2 {
		frame = append(frame, 'x')
	}
	return append(frame, `"}`...)
}
