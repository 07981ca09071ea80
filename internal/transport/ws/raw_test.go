package ws_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport/ws"
)

// bare is a client that sends what it likes.
type bare struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

func (b *bundle) raw(t testing.TB, token string) *bare {
	t.Helper()
	address := strings.TrimPrefix(b.url, "ws://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", address, token)
	if err != nil {
		t.Fatal(err)
	}
	c := &bare{conn, bufio.NewReader(conn), t}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	if op, text := c.frame(); op != 1 || !strings.Contains(text, "welcome") {
		t.Fatalf("got %d %q", op, text)
	}
	return c
}

// frame reads a frame of the server: whole messages, not masked.
func (c *bare) frame() (op byte, payload string) {
	c.t.Helper()
	header := make([]byte, 2, 10)
	if _, err := io.ReadFull(c.r, header); err != nil {
		c.t.Fatal(err)
	}
	n, more := uint64(header[1]), 0
	switch n {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	if more > 0 {
		length := make([]byte, 8)
		if _, err := io.ReadFull(c.r, length[8-more:]); err != nil {
			c.t.Fatal(err)
		}
		n = binary.BigEndian.Uint64(length)
	}
	if header[0]&0xf0 != 0x80 || n > 1<<30 {
		c.t.Fatalf("bad frame %x", header)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(c.r, b); err != nil {
		c.t.Fatal(err)
	}
	return header[0] & 15, string(b)
}

// send sends a masked frame with this first byte.
func (c *bare) send(first byte, payload string) {
	c.t.Helper()
	b := []byte{first, 0x80}
	switch n := len(payload); {
	case n <= 125:
		b[1] |= byte(n)
	default:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = append(b, 1, 2, 3, 4)
	for i := range len(payload) {
		b = append(b, payload[i]^byte(i%4+1))
	}
	c.bytes(b)
}

func (c *bare) bytes(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// closed reads the close frame and then the end of the connection.
func (c *bare) closed(code int) {
	c.t.Helper()
	op, payload := c.frame()
	got := 0
	if len(payload) >= 2 {
		got = int(binary.BigEndian.Uint16([]byte(payload)))
	}
	if op != 8 || got != code {
		c.t.Fatalf("got frame %d %q, want close %d", op, payload, code)
	}
	c.send(0x88, payload[:min(2, len(payload))])
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := c.r.ReadByte(); err == nil {
		c.t.Fatalf("byte %x after the close frame", n)
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // as it comes
		c.t.Fatal("the server does not close the connection")
	}
}

func TestRawFrames(t *testing.T) {
	t.Parallel()
	const text, ping, fin = 1, 9, 0x80
	b := setup(t, nil, nil)
	closeWith := func(code int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(code))) }
	for name, test := range map[string]func(c *bare){
		"no mask":            func(c *bare) { c.bytes([]byte{fin | text, 2, '{', '}'}); c.closed(1002) },
		"reserved bit 1":     func(c *bare) { c.send(0xc0|text, "{}"); c.closed(1002) },
		"reserved bit 2":     func(c *bare) { c.send(0xa0|text, "{}"); c.closed(1002) },
		"reserved bit 3":     func(c *bare) { c.send(0x90|text, "{}"); c.closed(1002) },
		"unknown frame":      func(c *bare) { c.send(fin|3, "{}"); c.closed(1002) },
		"unknown control":    func(c *bare) { c.send(fin|11, ""); c.closed(1002) },
		"long ping":          func(c *bare) { c.send(fin|ping, strings.Repeat("x", 126)); c.closed(1002) },
		"ping in pieces":     func(c *bare) { c.send(ping, "x"); c.closed(1002) },
		"stray continuation": func(c *bare) { c.send(fin, "{}"); c.closed(1002) },
		"text within text":   func(c *bare) { c.send(text, "{"); c.send(fin|text, "}"); c.closed(1002) },
		"no UTF-8":           func(c *bare) { c.send(fin|text, "{\"type\":\"\xff\"}"); c.closed(1007) },
		"UTF-8 cut short":    func(c *bare) { c.send(text, "\xe2"); c.send(fin, "\x82"); c.closed(1007) },
		"surrogate":          func(c *bare) { c.send(fin|text, "\xed\xa0\x80"); c.closed(1007) },
		"length 2^62":        func(c *bare) { c.bytes([]byte{fin | text, 255, 64, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}); c.closed(1009) },
		"negative length":    func(c *bare) { c.bytes([]byte{fin | text, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}); c.closed(1009) },
		"fragments too long": func(c *bare) { big(c); c.closed(1009) },
		"fragments of one byte": func(c *bare) {
			c.send(text, "{")
			for range 20_000 {
				c.send(0, " ")
			}
			c.send(fin, `"type":"ping"}`)
			if op, payload := c.frame(); op != 1 || payload != `{"type":"pong"}` {
				c.t.Fatalf("got %d %q", op, payload)
			}
		},
		"endless empty fragments": func(c *bare) {
			c.send(text, "{")
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				empty := bytes.Repeat([]byte{0, 0x80, 0, 0, 0, 0}, 10_000)
				for {
					if _, err := c.Write(empty); err != nil {
						return
					}
				}
			}()
			if op, payload := c.frame(); op != 8 || !strings.HasPrefix(payload, closeWith(1009)) {
				c.t.Errorf("got %d %q", op, payload)
			}
			<-sent // the server hangs up
		},
		"close":                            func(c *bare) { c.send(fin|8, closeWith(1000)+"bye"); c.closed(1000) },
		"close going away":                 func(c *bare) { c.send(fin|8, closeWith(1001)); c.closed(1001) },
		"close of an app":                  func(c *bare) { c.send(fin|8, closeWith(4999)); c.closed(4999) },
		"close without code":               func(c *bare) { c.send(fin|8, ""); c.closed(0) },
		"close of a gateway":               func(c *bare) { c.send(fin|8, closeWith(1014)+"upstream"); c.closed(1014) },
		"close of a gateway with bad text": func(c *bare) { c.send(fin|8, closeWith(1014)+"\xff"); c.closed(1002) },
		"close of one byte":                func(c *bare) { c.send(fin|8, "\x03"); c.closed(1002) },
		"close of one byte after messages": func(c *bare) {
			c.send(fin|ping, "x")
			c.send(text, `{"type":`+strings.Repeat(" ", 300))
			c.send(fin, `"pong"}`)
			c.frame()
			c.send(fin|8, "\x03")
			c.closed(1002)
		},
		"close after a broken frame": func(c *bare) {
			c.bytes(append([]byte{fin | 3, 0x80, 0, 0, 0, 0}, fin|8, 0x82, 0, 0, 0, 0, 3, 0xf6))
			c.closed(1002)
		},
		"close with bad code": func(c *bare) { c.send(fin|8, closeWith(1005)); c.closed(1002) },
		"close with bad text": func(c *bare) { c.send(fin|8, closeWith(1000)+"\xff"); c.closed(1002) },
		"ping": func(c *bare) {
			c.send(fin|ping, strings.Repeat("x", 125))
			if op, payload := c.frame(); op != 10 || payload != strings.Repeat("x", 125) {
				c.t.Fatalf("got %d %q", op, payload)
			}
		},
		"fragments around a ping": func(c *bare) {
			c.send(text, `{"type":`)
			c.send(fin|ping, "between")
			c.send(0, `"pi`)
			c.send(fin, `ng"}`)
			if op, payload := c.frame(); op != 10 || payload != "between" {
				c.t.Fatalf("got %d %q", op, payload)
			}
			if op, payload := c.frame(); op != 1 || payload != `{"type":"pong"}` {
				c.t.Fatalf("got %d %q", op, payload)
			}
		},
		"byte by byte": func(c *bare) {
			frame := []byte{fin | text, 0x80 | 15, 0, 0, 0, 0}
			for _, x := range append(frame, `{"type":"ping"}`...) {
				c.bytes([]byte{x})
			}
			if op, payload := c.frame(); op != 1 || payload != `{"type":"pong"}` {
				c.t.Fatalf("got %d %q", op, payload)
			}
		},
		"many at once": func(c *bare) {
			frame := append([]byte{fin | text, 0x80 | 15, 0, 0, 0, 0}, `{"type":"ping"}`...)
			const n = 50 // more than the buffer holds
			c.bytes(bytes.Repeat(frame, n))
			for range n {
				if op, payload := c.frame(); op != 1 || payload != `{"type":"pong"}` {
					c.t.Fatalf("got %d %q", op, payload)
				}
			}
		},
		"end without close": func(c *bare) { _ = c.Close() },
		"end within a frame": func(c *bare) {
			c.bytes([]byte{fin | text, 0x80 | 100, 1, 2})
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.raw(t, annOfT)
			test(c)
		})
	}
}

// big sends more than a message may have, in pieces.
func big(c *bare) {
	c.send(1, strings.Repeat("x", 30_000))
	c.send(0, strings.Repeat("x", 30_000))
	_, _ = c.Write([]byte{0x80, 0x80 | 126, 117, 48, 0, 0, 0, 0}) // 30,000 more
}

// TestFramesOfEverySize: the header of a frame fits its length.
func TestFramesOfEverySize(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	c := b.joined(t, annOfT, "T")
	for _, n := range []int{0, 1, 65_535 - 400, 65_535 - 300, 65_536, 100_000, 5_000_000} {
		b.event("T", strings.Repeat("x", n))
		if m := c.expect("event"); len(m.Data.Text) != n {
			t.Fatalf("got %d bytes, want %d", len(m.Data.Text), n)
		}
	}
	// Each length around the borders, without the network.
	for n := range 70_000 {
		if n > 300 && n < 65_000 {
			continue
		}
		name := strings.Repeat("x", n)
		frame := ws.Encoder{}.AppendSignal([]byte("before"), &signal.Signal{Kind: signal.Left, Tenant: name})
		want := `{"type":"left","tenantId":"` + name + `"}`
		r := &bare{r: bufio.NewReader(strings.NewReader(string(frame[6:]))), t: t}
		if op, got := r.frame(); op != 1 || got != want || r.r.Buffered() > 0 {
			t.Fatalf("length %d: frame %d %.100q", n, op, got)
		}
	}
}

// TestSlowReader takes frames in pieces over TCP: nothing is lost, nothing is
// mixed, and one that takes nothing is told so.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, func(o *room.Options) { o.RingBytes, o.StallTimeout = 64<<20, time.Hour })
	c, fast := b.raw(t, annOfT), b.joined(t, annOfT, "T")
	_ = c.Conn.(*net.TCPConn).SetReadBuffer(200_000)
	c.send(0x81, `{"type":"join-tenant","tenantId":"T"}`)
	if _, text := c.frame(); !strings.Contains(text, "joined") {
		t.Fatal(text)
	}
	const events = 400
	go func() {
		for range events {
			b.event("T", strings.Repeat("x", rand.IntN(60_000)))
		}
	}()
	for i := range events {
		if m := fast.expect("event"); m.Position != int64(i+1) {
			t.Fatalf("position %d at %d", m.Position, i+1)
		}
	}
	if b.Hub.Stats().Blocked == 0 {
		t.Error("the reader is not slow enough to show anything")
	}
	for i := range events {
		if i%40 == 0 { // control frames come in between, never within
			c.send(0x89, "ping")
		}
		op, text := c.frame()
		for op == 10 {
			op, text = c.frame()
		}
		if want := fmt.Sprintf(`"position":%d,`, i+1); op != 1 || !strings.Contains(text[:200], want) {
			t.Fatalf("got %d %.200q, want %s", op, text, want)
		}
	}
}

// TestSlowConsumer: one that takes nothing for a while is told so when it reads.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, func(o *room.Options) {
		o.StallTimeout, o.CloseTimeout, o.RingBytes = 50*time.Millisecond, time.Hour, 64<<20
	})
	c := b.raw(t, annOfT)
	_ = c.Conn.(*net.TCPConn).SetReadBuffer(200_000)
	c.send(0x81, `{"type":"join-tenant","tenantId":"T"}`)
	if _, text := c.frame(); !strings.Contains(text, "joined") {
		t.Fatal(text)
	}
	ended := make(chan struct{})
	go func() { // until the hub has had enough
		defer close(ended)
		for b.Hub.Stats().Subscriptions > 0 {
			b.event("T", strings.Repeat("x", 50_000))
		}
	}()
	<-ended
	for {
		op, payload := c.frame()
		if op == 1 {
			continue
		}
		if code := binary.BigEndian.Uint16([]byte(payload)); op != 8 || code != 4002 || payload[2:] != "slow-consumer" {
			t.Fatalf("got %d %q", op, payload)
		}
		return
	}
}
