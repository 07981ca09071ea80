package load

import (
	"bytes"
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

func TestCounterCutAnywhere(t *testing.T) {
	t.Parallel()
	long := `{"type":"event","data":"` + string(bytes.Repeat([]byte("x"), 400)) + `"}`
	var stream []byte
	for _, text := range []string{`{"type":"joined"}`, long, `{"type":"event"}`, ``, `{"type":"ping"}`, long, `{"type":"progress"}`} {
		stream = append(stream, serverFrame(text)...)
	}
	stream = append(stream, EventFrame(150)...)
	stream = append(stream, 0x88, 5, 0x0f, 0xa2, 'b', 'y', 'e')
	want := []frameKind{joinedFrame, eventFrame, eventFrame, otherFrame, pingFrame, eventFrame, otherFrame, eventFrame, fatalFrame}
	for size := 1; size <= len(stream); size++ {
		c := counter{text: nativeKind}
		var got []frameKind
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			c.feed(rest[:n], func(k frameKind) { got = append(got, k) })
			rest = rest[n:]
		}
		if string(asBytes(got)) != string(asBytes(want)) {
			t.Fatalf("pieces of %d bytes: frames %v; want %v", size, got, want)
		}
		if c.fatal != "closed with 4002 bye" {
			t.Fatalf("fatal frame says %q", c.fatal)
		}
	}
}

func TestPacketsOfSocketIO(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]frameKind{
		`0{"sid":"s","upgrades":[],"pingInterval":25000}`: openFrame,
		`40{"sid":"s"}`: connectedFrame,
		`44{"message":"the token is not valid","data":{"code":"invalid-token"}}`: fatalFrame,
		`430[{"ok":true,"tenantId":"T","cursor":"c","position":1}]`:              joinedFrame,
		`430[{"ok":false,"code":"forbidden","message":"no"}]`:                    fatalFrame,
		`42["measured:created",{"id":1},{"tenantId":"T"}]`:                       eventFrame,
		`42["progress",{"at":"12:00"}]`:                                          otherFrame,
		`42["reset",{}]`:                                                         fatalFrame,
		`2`:                                                                      pingFrame,
		`41`:                                                                     fatalFrame,
		`1`:                                                                      fatalFrame,
		`6`:                                                                      otherFrame,
	} {
		stream := serverFrame(text)
		for size := 1; size <= len(stream); size++ {
			c := counter{text: socketIOKind}
			var got []frameKind
			for rest := stream; len(rest) > 0; {
				n := min(size, len(rest))
				c.feed(rest[:n], func(k frameKind) { got = append(got, k) })
				rest = rest[n:]
			}
			if len(got) != 1 || got[0] != want || (want == fatalFrame) != (c.fatal == text) {
				t.Fatalf("%s in pieces of %d: frames %v, fatal %q; want %d", text, size, got, c.fatal, want)
			}
		}
	}
}

func asBytes(kinds []frameKind) []byte {
	var b []byte
	for _, k := range kinds {
		b = append(b, byte(k))
	}
	return b
}

func TestBareFrameHasItsSize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{200, 450, 5000} {
		if got := len(EventFrame(size)); got != size {
			t.Errorf("frame of %d bytes has %d", size, got)
		}
	}
}
