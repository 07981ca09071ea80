//go:build unix

package socket

import (
	"errors"
	"syscall"
)

const canTry = true

// tryWrite is one write(2).
func (s *Socket) tryWrite(fd uintptr) {
	for {
		n, err := write(int(fd), s.b)
		switch {
		case err == nil:
			s.n = n
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EAGAIN):
			s.err = err
		}
		return
	}
}

// tryPeek says whether Read would answer at once, or that it has waited for that.
func (s *Socket) tryPeek(fd uintptr) bool {
	if s.waited {
		return true
	}
	s.waited = true
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
	return !errors.Is(err, syscall.EAGAIN)
}
