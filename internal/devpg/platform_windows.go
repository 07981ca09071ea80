package devpg

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Start refuses on Windows before anything below matters.
const (
	supported = false
	knowsCwd  = false
)

func attributes(*account, syscall.Signal) *syscall.SysProcAttr { return nil }

func killGroup(int) error { return errors.ErrUnsupported }

func alive(int) bool { return false }

func runsIn(int, string) bool { return false }

func flock(*os.File) error { return errors.ErrUnsupported }

func ownerOf(fs.FileInfo) (uid, gid int, known bool) { return 0, 0, false }
