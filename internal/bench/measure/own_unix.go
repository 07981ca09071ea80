//go:build unix

package measure

import (
	"syscall"
	"time"
)

// OwnCPU is the processor time of this process so far, in seconds.
func OwnCPU() float64 {
	var u syscall.Rusage
	// It fails for arguments only.
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
