package websocket

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// guard is the connection as gorilla sees it: once the handshake is over,
// nothing that gorilla writes goes out. It writes the close frames of malformed
// messages by itself, which would mix with the frames of the hub.
type guard struct {
	net.Conn
	shut atomic.Bool
	farewell
	// refused is true once gorilla has tried to write.
	refused atomic.Bool
	// allowance is how many bytes may be read, if bounded; endless says that they
	// were too few. One goroutine reads at a time.
	allowance        int64
	bounded, endless bool
}

// allow bounds what is read from now on.
func (g *guard) allow(bytes int64) { g.allowance, g.bounded = bytes, true }

// errEndless is why a message is not read to its end.
var errEndless = errors.New("a message without end")

// Read bounds the frames of a message: gorilla counts what they carry, and takes
// any number of those that carry nothing.
func (g *guard) Read(b []byte) (int, error) {
	if g.bounded && g.allowance <= 0 {
		g.endless = true
		return 0, errEndless
	}
	n, err := g.Conn.Read(b)
	g.allowance -= int64(n)
	g.feed(b[:n])
	return n, err
}

func (g *guard) Write(b []byte) (int, error) {
	if g.shut.Load() {
		g.refused.Store(true)
		return len(b), nil
	}
	return g.Conn.Write(b)
}

// SetWriteDeadline leaves the deadlines of the hub alone.
func (g *guard) SetWriteDeadline(t time.Time) error {
	if g.shut.Load() {
		return nil
	}
	return g.Conn.SetWriteDeadline(t)
}

// readBuffer is the size of the buffer that gorilla reads through, in bytes;
// what a frame does not fit in is read past it. A smaller one than 257 bytes
// gorilla would not take over.
const readBuffer = 288

// Hijack implements http.Hijacker. What the client sent before the answer is
// left for gorilla to refuse.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take the connection over: %w", err)
	}
	h.guard = &guard{Conn: conn}
	if rw.Reader.Buffered() == 0 {
		rw.Reader = bufio.NewReaderSize(h.guard, readBuffer)
		h.reader = rw.Reader
	}
	return h.guard, rw, nil
}

// hijacker takes a connection over through any middleware, behind a guard, with
// a reader of its own.
type hijacker struct {
	http.ResponseWriter
	guard  *guard
	reader *bufio.Reader
}
