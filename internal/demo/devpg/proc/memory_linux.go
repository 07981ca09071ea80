//go:build linux && (amd64 || arm64)

package proc

import "syscall"

// FreeMemory removes a System V segment once its last process has left it.
func FreeMemory(segment int) {
	const remove = 0 // IPC_RMID
	_, _, _ = syscall.Syscall(syscall.SYS_SHMCTL, uintptr(segment), remove, 0)
}
