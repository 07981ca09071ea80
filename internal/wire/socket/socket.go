package socket

import (
	"cmp"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// linger is how long a client has to close its side after the close frame.
const linger = 2 * time.Second

// Socket makes a net.Conn the connection of a session. Writing is for the hub
// alone; reading is for one goroutine, which calls ReadDone when it ends.
type Socket struct {
	net.Conn
	// raw is nil if the connection cannot be written to without waiting.
	raw syscall.RawConn
	// try is the method tryWrite, made once. The others are its argument and
	// its results.
	try func(fd uintptr)
	b   []byte
	n   int
	err error
	// peek is the method tryPeek, made once; waited is true when it has let
	// its caller wait.
	peek   func(fd uintptr) bool
	waited bool
	// open counts the sides that still use the connection.
	open atomic.Int32
}

// New wraps a connection; of one that a server has watched until it was handed over,
// what is in it. One that has no file descriptor (TLS) works
// too, but every burst of events costs a goroutine.
func New(conn net.Conn) *Socket {
	if watched, ok := conn.(interface{ Handed() net.Conn }); ok {
		conn = cmp.Or(watched.Handed(), conn)
	}
	s := &Socket{Conn: conn}
	s.open.Store(2)
	if c, ok := conn.(syscall.Conn); ok && canTry {
		if raw, err := c.SyscallConn(); err == nil {
			s.raw, s.try, s.peek = raw, s.tryWrite, s.tryPeek
		}
	}
	return s
}

// TryWrite writes what the kernel takes at once. As it never waits it needs
// neither the lock nor the deadline of Write, only that the descriptor stays
// open.
func (s *Socket) TryWrite(b []byte) (int, error) {
	if s.raw == nil {
		return 0, nil
	}
	s.b, s.n, s.err = b, 0, nil
	err := s.raw.Control(s.try)
	s.b = nil
	if err == nil {
		err = s.err
	}
	return s.n, err
}

// AwaitRead waits until Read has something to say: bytes, or why there are none
// any more. It needs less of the stack than Read, and no buffer. A connection
// that has no file descriptor is not waited for.
func (s *Socket) AwaitRead() {
	if s.raw == nil {
		return
	}
	s.waited = false
	_ = s.raw.Read(s.peek) // Read will say it again
}

// Hangup closes the connection: if all was written, its own half now and the
// rest when the reader is done, or soon; else all of it now.
func (s *Socket) Hangup(flushed bool) {
	last := s.open.Add(-1) == 0
	switch {
	case !flushed:
		s.abandon()
	case last:
		_ = s.Close()
	default: // errors come from a closed connection only
		_ = s.SetReadDeadline(time.Now().Add(linger))
		if tcp, ok := s.Conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}
}

// abandon closes the connection without a farewell that could wait.
func (s *Socket) abandon() {
	if inner, ok := s.Conn.(interface{ NetConn() net.Conn }); ok {
		_ = inner.NetConn().Close()
		return
	}
	_ = s.Close()
}

// ReadDone says that nothing will be read any more.
func (s *Socket) ReadDone() {
	if s.open.Add(-1) == 0 {
		_ = s.Close()
	}
}
