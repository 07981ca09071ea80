//go:build linux && (amd64 || arm64)

package devpg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// leftMemory reads which System V segment the server of this data directory
// holds. PostgreSQL gives it back when it ends in order; after a kill only the
// next start on the same data does.
func leftMemory(data string) (id int, known bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 7 {
		return 0, false
	}
	keyAndID := strings.Fields(lines[6])
	if len(keyAndID) != 2 {
		return 0, false
	}
	id, err = strconv.Atoi(keyAndID[1])
	return id, err == nil
}

// freeMemory removes the segment once its last process has left it.
func freeMemory(id int) {
	const remove = 0 // IPC_RMID
	_, _, _ = syscall.Syscall(syscall.SYS_SHMCTL, uintptr(id), remove, 0)
}
