package websocket_test

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/wire/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSeal: frames of every length of header, behind one another, are cut off
// as they were made, and not before they are whole.
func TestSeal(t *testing.T) {
	t.Parallel()
	var b []byte
	lengths := []int{0, 1, 125, 126, 65_535, 65_536, 200_000}
	for i, n := range lengths {
		start := len(b)
		b = append(websocket.Open(b), bytes.Repeat([]byte{byte('a' + i)}, n)...)
		if i%2 == 0 {
			b = websocket.Seal(b, start)
		} else {
			b = websocket.SealBinary(b, start)
		}
	}
	for i, n := range lengths {
		want := websocket.Text
		if i%2 == 1 {
			want = websocket.Binary
		}
		kind, payload, whole := websocket.Cut(b)
		if kind != want || len(payload) != n || (n > 0 && payload[n-1] != byte('a'+i)) {
			t.Fatalf("frame %d: kind %#x, %d bytes, want %#x, %d", i, kind, len(payload), want, n)
		}
		if _, part, needs := websocket.Cut(b[:whole-1]); part != nil || needs != whole && needs != 0 {
			t.Fatalf("frame %d less a byte: %d bytes of %d", i, len(part), needs)
		}
		b = b[whole:]
	}
	if _, payload, whole := websocket.Cut(b); payload != nil || whole != 0 {
		t.Fatalf("nothing: %d bytes of %d", len(payload), whole)
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte("\x81\x02hi"))
	f.Add([]byte("\x82\x7e\x00\x80"))
	f.Add([]byte("\x88\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, payload, whole := websocket.Cut(b); payload != nil && (whole > len(b) || len(payload) > whole) {
			t.Fatalf("%d bytes of a frame of %d, from %d", len(payload), whole, len(b))
		}
	})
}
