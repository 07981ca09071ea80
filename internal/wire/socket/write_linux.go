package socket

import (
	"syscall"
	"unsafe"
)

// rawSize is up to which size a write is so short that nobody else needs the
// processor meanwhile.
const rawSize = 64 << 10

// write is one write(2) to a descriptor that does not block. The scheduler is not
// informed of a short one: that costs a tenth of the write, and a good deal more when
// it gives the processor away for that.
func write(fd int, b []byte) (int, error) {
	if len(b) > rawSize || len(b) == 0 {
		return syscall.Write(fd, b)
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
