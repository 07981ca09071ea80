package proc

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Nothing in this package works on Windows.
const (
	Supported = false
	KnowsCwd  = false
)

func attributes(*Account, syscall.Signal) *syscall.SysProcAttr { return nil }

func killGroup(int) error { return errors.ErrUnsupported }

// Alive is not known.
func Alive(int) bool { return false }

// RunsIn is not known.
func RunsIn(int, string) bool { return false }

func flock(*os.File) error { return errors.ErrUnsupported }

// Owner is not known.
func Owner(fs.FileInfo) (uid, gid int, known bool) { return 0, 0, false }
