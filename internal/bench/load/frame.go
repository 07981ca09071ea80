package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// keepBytes is how much of a payload is kept to know what it is, and of which row.
	keepBytes = 512
	closeOp   = 8
	// A length of these values follows in 2 and in 8 bytes.
	length16, length64 = 126, 127
)

// frames reads frames of a server. It calls found for each whole one, with the
// beginning of its payload, good for the call, and its size with the header.
func frames(in *bufio.Reader, found func(begin []byte, size int) error) error {
	kept := make([]byte, keepBytes)
	for {
		closes, head, length, err := nextHeader(in)
		begin := kept[:max(0, min(length, keepBytes))]
		if err == nil {
			_, err = io.ReadFull(in, begin)
		}
		if err == nil {
			_, err = in.Discard(length - len(begin))
		}
		switch {
		case err != nil:
			return fmt.Errorf("the connection broke: %w", err)
		case closes && length < 2:
			return fmt.Errorf("the server says: closed without a code")
		case closes:
			return fmt.Errorf("the server says: closed with %d %s", binary.BigEndian.Uint16(begin), begin[2:])
		}
		if err := found(begin, head+length); err != nil {
			return err
		}
	}
}

// nextHeader reads the header of a frame without a mask: its own length, and that of the
// payload.
func nextHeader(in *bufio.Reader) (closes bool, head, length int, err error) {
	header, err := in.Peek(2)
	if err != nil {
		return false, 0, 0, err
	}
	closes, head, length = header[0]&0x0f == closeOp, 2, int(header[1]&0x7f)
	switch length {
	case length16:
		if header, err = in.Peek(4); err == nil {
			head, length = 4, int(binary.BigEndian.Uint16(header[2:]))
		}
	case length64:
		if header, err = in.Peek(10); err == nil {
			head, length = 10, int(binary.BigEndian.Uint64(header[2:]))
		}
	}
	if err == nil {
		_, err = in.Discard(head)
	}
	return closes, head, length, err
}

// kindOf is the type of a message, with which each begins.
func kindOf(message []byte) string {
	kind, _, _ := bytes.Cut(bytes.TrimPrefix(message, []byte(`{"type":"`)), []byte(`"`))
	return string(kind)
}

// appendText appends a text frame, masked with zeros as a client may.
func appendText(b []byte, text string) []byte {
	const final, masked = 0x81, 0x80
	b = append(b, final)
	if n := len(text); n < length16 {
		b = append(b, masked|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, masked|length16), uint16(n))
	}
	return append(append(b, 0, 0, 0, 0), text...)
}

// EventFrame is a text frame of about so many bytes in all that counts as an event.
func EventFrame(size int) []byte {
	const head = `{"type":"event","event":"bare:write","data":"`
	payload := max(size-4, len(head)+length16)
	frame := append([]byte{0x81, length16, byte(payload >> 8), byte(payload)}, head...)
	for len(frame) < payload+4-2 {
		frame = append(frame, 'x')
	}
	return append(frame, `"}`...)
}
