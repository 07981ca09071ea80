package socketio_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/wire/socketio"
)

// FuzzDecoder: whatever a client sends, in messages that 0x1e separates, binary
// ones with a leading 'b', a decoder does not panic, and what it takes it takes
// again when it is encoded. The corpus has the shapes of what once brought other
// servers down.
func FuzzDecoder(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		var d socketio.Decoder
		for m := range bytes.SplitSeq(data, []byte{0x1e}) {
			data, binary := bytes.CutPrefix(m, []byte("b"))
			p, err := d.Decode(binary, data, limit)
			if err != nil {
				return
			}
			if p != nil {
				again(t, p)
			}
		}
	})
}

// again encodes a packet and decodes that.
func again(t *testing.T, p *socketio.Packet) {
	t.Helper()
	if len(p.Attachments) > 10 || len(p.Namespace) > 128 || p.ID < -1 || p.ID >= 1e15 {
		t.Fatalf("beyond all bounds: %+v", p)
	}
	var frames []byte
	switch {
	case p.Type == socketio.EventPacket && p.ID == -1:
		frames = socketio.AppendBinaryEvent(nil, p.Namespace, p.Attachments, p.Name, p.Args...)
	case p.Type == socketio.AckPacket && p.Attachments == nil:
		frames = socketio.AppendAck(nil, p.Namespace, p.ID, p.Args...)
	default:
		return
	}
	var got *socketio.Packet
	var d socketio.Decoder
	for _, m := range messages(t, frames) {
		if got != nil {
			t.Fatalf("%q has more than a packet", frames)
		}
		data, binary := bytes.CutPrefix([]byte(m), []byte("b"))
		if !binary {
			data = data[1:] // the type of Engine.IO
		}
		var err error
		if got, err = d.Decode(binary, data, 2*limit+100); err != nil {
			t.Fatalf("%q: %v", m, err)
		}
	}
	if diff := cmp.Diff(p, got); diff != "" {
		t.Fatal(diff)
	}
}
