package socket

import (
	"time"

	"golang.org/x/sys/unix"
)

// GiveUpAfter has the connection break when what was written is not
// acknowledged for d: the other side is gone without a word. Where the system
// cannot do that it has no effect.
func (s *Socket) GiveUpAfter(d time.Duration) {
	if s.raw == nil {
		return
	}
	_ = s.raw.Control(func(fd uintptr) { // a connection that refuses is one that has ended
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}
