package websocket

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gorilla "github.com/gorilla/websocket"

	"rowcast/internal/wire/socket"
)

// Upgrader shakes hands. Checking the origin is for its caller.
type Upgrader struct {
	inner gorilla.Upgrader
}

// NewUpgrader makes an Upgrader. refuse answers a request that is no handshake,
// or whose connection cannot be taken over.
func NewUpgrader(refuse func(w http.ResponseWriter, status int, reason error), subprotocols ...string) *Upgrader {
	return &Upgrader{gorilla.Upgrader{
		// Nothing is written through gorilla but the answer to the handshake.
		WriteBufferPool:  &sync.Pool{},
		HandshakeTimeout: 10 * time.Second,
		Subprotocols:     subprotocols,
		CheckOrigin:      func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			w.Header().Set("Sec-Websocket-Version", version)
			refuse(w, status, reason)
		},
	}}
}

// version is the one of the protocol that there is.
const version = "13"

var (
	errOldHTTP = errors.New("a WebSocket needs HTTP/1.1, and the request came by HTTP/1.0; " +
		"a proxy in between has to speak HTTP/1.1 (nginx: proxy_http_version 1.1)")
	errVersion = errors.New("the version of the WebSocket protocol has to be " + version + ", in Sec-WebSocket-Version")
)

// Upgrade takes the connection of a request over. After an error the request
// has been answered.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	if !r.ProtoAtLeast(1, 1) {
		u.inner.Error(w, r, http.StatusBadRequest, errOldHTTP)
		return nil, errOldHTTP
	}
	if asked := r.Header.Values("Sec-Websocket-Version"); len(asked) > 0 && !namesVersion(asked) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		u.inner.Error(w, r, http.StatusUpgradeRequired, errVersion)
		return nil, errVersion
	}
	taker := &hijacker{ResponseWriter: w}
	conn, err := u.inner.Upgrade(taker, r, nil)
	if err != nil {
		return nil, err
	}
	taker.guard.shut.Store(true)
	conn.SetCloseHandler(func(int, string) error { return nil }) // answered by the reader of the Conn
	return &Conn{Socket: socket.New(taker.guard.Conn), conn: conn, guard: taker.guard, reader: taker.reader}, nil
}

// namesVersion says whether a header names the version, among others.
func namesVersion(values []string) bool {
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if strings.TrimSpace(name) == version {
				return true
			}
		}
	}
	return false
}

// Handler gets what a client sends. An error ends reading.
type Handler interface {
	// Message gets a message. It may keep it.
	Message(kind Kind, message []byte) error
	Ping(payload string) error
	Pong() error
}

// End says why reading ended.
type End byte

// The reasons.
const (
	// Lost: the connection broke.
	Lost End = iota
	// Left: the client closed.
	Left
	// TooBig: a message was longer than allowed, or its frames were.
	TooBig
	// Malformed: the client broke the rules of RFC 6455.
	Malformed
	// Stopped: the Handler answered an error.
	Stopped
)

// Conn is a connection that was taken over.
type Conn struct {
	// Socket is for writing frames, for the deadlines and for hanging up.
	*socket.Socket
	conn   *gorilla.Conn
	guard  *guard
	reader *bufio.Reader
	// last is why reading ended.
	last error
	// taking: a message has begun to come and is not dealt with yet.
	taking atomic.Bool
}

// maxOverhead is how many bytes of frames there may be for each byte that a
// message may have: as many as if each came in a frame of its own.
const maxOverhead = 8

// errStopped says that the Handler had enough.
var errStopped = errors.New("stopped by its handler")

// Read hands the messages to h, the longest with limit bytes, until there are
// no more. reply is the close frame that answers the client, if it sent one.
// Linger follows.
func (c *Conn) Read(h Handler, limit int64) (end End, reply []byte) {
	c.conn.SetReadLimit(limit)
	stop := func(err error) error {
		if err != nil {
			return errStopped
		}
		return nil
	}
	c.conn.SetPongHandler(func(string) error { return stop(h.Pong()) })
	c.conn.SetPingHandler(func(payload string) error { return stop(h.Ping(payload)) })
	for c.last == nil {
		// A silent client costs the stack of this goroutine, so it only waits;
		// another one does the work.
		if c.reader == nil || c.reader.Buffered() == 0 {
			c.taking.Store(false)
			c.AwaitRead()
		}
		c.taking.Store(true)
		c.guard.allow(maxOverhead * (limit + readBuffer))
		done := make(chan error)
		go func() { done <- c.message(h) }()
		c.last = <-done
	}
	closed, isClose := errors.AsType[*gorilla.CloseError](c.last)
	switch {
	case errors.Is(c.last, errStopped):
		return Stopped, nil
	case isClose && closed.Code == gorilla.CloseNoStatusReceived && len(c.guard.payload) > 0: // one byte is no code
		return Malformed, nil
	case isClose && closed.Code == gorilla.CloseNoStatusReceived:
		return Left, AppendClose(nil, 0, "")
	case isClose && closed.Code != gorilla.CloseAbnormalClosure:
		return Left, AppendClose(nil, closed.Code, "")
	case errors.Is(c.last, gorilla.ErrReadLimit), c.guard.endless:
		return TooBig, nil
	case c.guard.refused.Load() && c.last.Error() == refusedGateway && c.guard.isBadGateway():
		return Left, AppendClose(nil, badGateway, "")
	case c.guard.refused.Load():
		return Malformed, nil
	default:
		return Lost, nil
	}
}

// Behind says that something has come that the Handler has not dealt with yet.
func (c *Conn) Behind() bool { return c.taking.Load() || c.Unread() > 0 }

func (c *Conn) message(h Handler) error {
	kind, r, err := c.conn.NextReader()
	if err != nil {
		return err
	}
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	is := Text
	if kind == gorilla.BinaryMessage {
		is = Binary
	}
	if h.Message(is, message) != nil {
		return errStopped
	}
	return nil
}

// Linger reads, and throws away, what a client sends whose last frame is on its
// way. The deadline that Hangup sets bounds the time.
func (c *Conn) Linger() {
	err := c.last
	if errors.Is(err, errStopped) { // until the client closes, too
		for err = nil; err == nil; {
			_, _, err = c.conn.NextReader()
		}
	}
	if closed, ok := errors.AsType[*gorilla.CloseError](err); !ok || closed.Code == gorilla.CloseAbnormalClosure {
		// What is still on its way has to be read, or the kernel answers it
		// with a reset that overtakes the close frame.
		_, _ = io.Copy(io.Discard, c.Socket)
	}
	c.ReadDone()
}
