package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"iter"
	"unicode/utf8"
)

// packet is what a client sent.
type packet struct {
	kind   byte
	binary bool
	data   []byte
}

// errPacket says that a client broke the rules.
var errPacket = errors.New("malformed packet")

// parseText reads the packet of a text frame.
func parseText(text []byte) (packet, error) {
	if len(text) == 0 || text[0] < packetOpen || text[0] > packetNoop || !utf8.Valid(text) {
		return packet{}, errPacket
	}
	return packet{kind: text[0], data: text[1:]}, nil
}

// packets reads the body of a POST, up to the first packet that is malformed.
func packets(body []byte) iter.Seq2[packet, error] {
	return func(yield func(packet, error) bool) {
		for text := range bytes.SplitSeq(body, []byte{separator}) {
			p, err := parseLine(text)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// parseLine reads a packet of a body.
func parseLine(text []byte) (packet, error) {
	if len(text) == 0 || text[0] != 'b' {
		return parseText(text)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, text[1:])
	if err != nil {
		return packet{}, errPacket
	}
	return packet{kind: packetMessage, binary: true, data: data}, nil
}
