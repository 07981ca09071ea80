//go:build unix

package transport

import (
	"errors"
	"syscall"
)

const canTry = true

// tryWrite is one write(2). It always answers true, so that the runtime does
// not wait for the descriptor.
func (s *Socket) tryWrite(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), s.b)
		switch {
		case err == nil:
			s.n = n
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EAGAIN):
			s.err = err
		}
		return true
	}
}
