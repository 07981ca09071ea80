//go:build unix

package npm

import (
	"errors"
	"os"
	"syscall"
)

// exclude waits until no other process has the file locked, and locks it.
func exclude(file *os.File) error {
	for {
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
