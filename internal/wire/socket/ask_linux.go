package socket

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Queued is how many bytes that were written the other side has not
// acknowledged. Where the system does not say it is 0.
func (s *Socket) Queued() int { return s.ask(unix.SIOCOUTQ) }

// Unread is how many bytes of the other side have come and are not read yet.
// Where the system does not say it is 0.
func (s *Socket) Unread() int { return s.ask(unix.SIOCINQ) }

// ask asks the system for a number.
func (s *Socket) ask(request uint) (n int) {
	inner := s.Conn
	if c, ok := inner.(interface{ NetConn() net.Conn }); ok {
		inner = c.NetConn()
	}
	c, ok := inner.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // a connection that refuses is one that has ended
		n, _ = unix.IoctlGetInt(int(fd), request)
	})
	return n
}
