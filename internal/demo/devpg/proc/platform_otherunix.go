//go:build unix && !linux

package proc

import "syscall"

// dieWithUs does nothing: only Linux ties a child to its parent's life.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}

// RunsIn cannot find out, so it believes any living process.
func RunsIn(pid int, _ string) bool { return Alive(pid) }

// KnowsCwd says whether RunsIn knows, or just believes any living process.
const KnowsCwd = false
