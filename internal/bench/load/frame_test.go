package load

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

func serverFrame(text string) []byte {
	b := appendText(nil, text)
	header := 2
	if len(text) > 125 {
		header = 4
	}
	b[1] &= 0x7f // servers do not mask
	return append(b[:header], b[header+4:]...)
}

// pieces gives a stream a few bytes at a time.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(p.size, len(b))], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// kinds reads a stream in pieces: the kinds of its frames, their sizes together, and the end.
func kinds(stream []byte, size int) (got []string, total int, err error) {
	err = frames(bufio.NewReaderSize(&pieces{stream, size}, readSize), func(begin []byte, size int) error {
		got, total = append(got, kindOf(begin)), total+size
		return nil
	})
	return got, total, err
}

func TestFramesCutAnywhere(t *testing.T) {
	t.Parallel()
	long := `{"type":"event","data":"` + strings.Repeat("x", 400) + `"}`
	var stream []byte
	for _, text := range []string{`{"type":"joined"}`, long, `{"type":"event"}`, ``, `{"type":"ping"}`, long, `{"type":"progress"}`} {
		stream = append(stream, serverFrame(text)...)
	}
	stream = append(stream, EventFrame(150)...)
	stream = append(stream, EventFrame(40_000)...)
	huge := []byte(`{"type":"event","data":"` + strings.Repeat("y", 70_000) + `"}`)
	stream = append(stream, 0x81, 127, 0, 0, 0, 0, 0, 1, byte(len(huge)>>8), byte(len(huge)))
	stream = append(stream, huge...)
	whole := len(stream)
	stream = append(stream, 0x88, 5, 0x0f, 0xa2, 'b', 'y', 'e')
	want := []string{"joined", "event", "event", "", "ping", "event", "progress", "event", "event", "event"}
	for size := 1; size <= len(stream); size += 1 + size/50 {
		got, total, err := kinds(stream, size)
		if !slices.Equal(got, want) || total != whole {
			t.Fatalf("pieces of %d bytes: frames %v of %d bytes; want %v of %d", size, got, total, want, whole)
		}
		if err == nil || err.Error() != "the server says: closed with 4002 bye" {
			t.Fatalf("the end says %v", err)
		}
	}
	for cut := range 1500 {
		if got, _, err := kinds(stream[:cut], readSize); err == nil || !strings.Contains(err.Error(), "the connection broke") || len(got) > 9 {
			t.Fatalf("cut after %d bytes: %v, %v", cut, got, err)
		}
	}
}

func TestBareFrameHasItsSize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{200, 450, 5000} {
		if frame := EventFrame(size); len(frame) != size || !bytes.HasSuffix(frame, []byte(`"}`)) {
			t.Errorf("frame of %d bytes has %d", size, len(frame))
		}
	}
}
