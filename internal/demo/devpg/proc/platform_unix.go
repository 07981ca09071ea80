//go:build unix

package proc

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Supported says whether the rest of this package works on this system.
const Supported = true

// attributes puts a child into a process group of its own, so that a Ctrl-C of
// the terminal reaches us alone, and under the account.
func attributes(a *Account, onOurDeath syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID)}
	}
	dieWithUs(attr, onOurDeath)
	return attr
}

func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

// Alive reports whether a process of this id exists.
func Alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// flock takes the lock of f or returns ErrLocked at once.
func flock(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return err
		}
	}
}

// Owner returns whom a file belongs to.
func Owner(info fs.FileInfo) (uid, gid int, known bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}
