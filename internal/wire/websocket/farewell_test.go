package websocket

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestFarewell: the payload of the close frame is found behind any frames, however
// the stream is cut.
func TestFarewell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		frame := func(first byte, payload []byte) {
			masked := rapid.Bool().Draw(t, "masked")
			var bit byte
			if masked {
				bit = 128
			}
			switch n := len(payload); {
			case n <= maxControl:
				stream = append(stream, first, bit|byte(n))
			case n <= 0xffff:
				stream = binary.BigEndian.AppendUint16(append(stream, first, bit|126), uint16(n))
			default:
				stream = binary.BigEndian.AppendUint64(append(stream, first, bit|127), uint64(n))
			}
			key := make([]byte, 4)
			if masked {
				binary.BigEndian.PutUint32(key, rapid.Uint32().Draw(t, "key"))
				stream = append(stream, key...)
			}
			for i, b := range payload {
				stream = append(stream, b^key[i%4])
			}
		}
		for range rapid.IntRange(0, 5).Draw(t, "frames") {
			n := rapid.SampledFrom([]int{0, 1, 125, 126, 65_535, 65_536}).Draw(t, "length")
			frame(rapid.SampledFrom([]byte{0x81, 1, 0x80, 0x82, 0x89, 0x8a}).Draw(t, "first"), make([]byte, n))
		}
		want := rapid.SliceOfN(rapid.Byte(), 0, maxControl).Draw(t, "payload")
		frame(closeFrame, want)
		frame(closeFrame, []byte("another"))
		var f farewell
		for seed := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "cuts"))); len(stream) > 0; {
			n := min(1+seed.IntN(2_000), len(stream))
			f.feed(stream[:n])
			stream = stream[n:]
		}
		if !f.over || !bytes.Equal(f.payload, want) {
			t.Fatalf("got %t %q, want %q", f.over, f.payload, want)
		}
	})
}
