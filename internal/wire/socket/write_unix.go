//go:build unix && !linux

package socket

import "syscall"

// write is one write(2) to a descriptor that does not block.
func write(fd int, b []byte) (int, error) { return syscall.Write(fd, b) }
