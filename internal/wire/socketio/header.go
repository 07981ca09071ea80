package socketio

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// header is what a packet has before its payload:
// <type>[<attachments>-][</namespace>[,]][<id>].
type header struct {
	kind        Type
	binary      bool
	attachments int
	namespace   string
	id          int64
}

// parseHead splits the text of a packet. payload is nil if there is none.
func parseHeader(text []byte) (h header, payload []byte, err error) {
	if len(text) == 0 {
		return h, nil, errors.New("an empty packet")
	}
	if !utf8.Valid(text) {
		return h, nil, errors.New("a packet that is no UTF-8")
	}
	h = header{kind: Type(text[0]), namespace: Main, id: noID}
	rest := text[1:]
	switch h.kind {
	case binaryEvent, binaryAck:
		h.kind -= binaryEvent - EventPacket
		h.binary = true
		if h.attachments, rest, err = cutAttachments(rest); err != nil {
			return h, nil, err
		}
	case ConnectPacket, DisconnectPacket, EventPacket, AckPacket, refusalPacket:
	default:
		return h, nil, fmt.Errorf("a packet of type %q", text[0])
	}
	if len(rest) > 0 && rest[0] == '/' {
		name, after, _ := bytes.Cut(rest, []byte{','})
		if len(name) > maxNamespace {
			return h, nil, fmt.Errorf("a namespace of %d bytes, more than %d", len(name), maxNamespace)
		}
		h.namespace, rest = string(name), after
	}
	digits, rest := cutDigits(rest)
	if len(digits) > maxDigits {
		return h, nil, fmt.Errorf("an id of %d digits, more than %d", len(digits), maxDigits)
	}
	if len(digits) > 0 {
		if h.id, err = strconv.ParseInt(string(digits), 10, 64); err != nil {
			return h, nil, fmt.Errorf("read an id: %w", err)
		}
	}
	if len(rest) == 0 {
		return h, nil, nil
	}
	return h, rest, nil
}

// cutAttachments reads how many attachments follow.
func cutAttachments(b []byte) (n int, rest []byte, err error) {
	digits, rest := cutDigits(b)
	if len(digits) == 0 || len(rest) == 0 || rest[0] != '-' {
		return 0, nil, errors.New("a binary packet without the number of its attachments")
	}
	n, err = strconv.Atoi(string(digits[:min(len(digits), maxDigits)]))
	if err != nil || n > maxAttachments {
		return 0, nil, fmt.Errorf("a packet with more than %d attachments", maxAttachments)
	}
	return n, rest[1:], nil
}

func cutDigits(b []byte) (digits, rest []byte) {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:]
}
