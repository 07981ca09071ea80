package proc

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// dieWithUs has the kernel send sig to the child when the thread that started
// it ends; see child for how that thread is kept for as long as the child.
func dieWithUs(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// RunsIn reports whether the process works in dir, as every process of a
// PostgreSQL server does in its data directory.
func RunsIn(pid int, dir string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && cwd == dir
}

// KnowsCwd says whether RunsIn knows, or just believes any living process.
const KnowsCwd = true
