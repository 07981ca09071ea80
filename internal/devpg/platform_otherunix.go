//go:build unix && !linux

package devpg

import "syscall"

// dieWithUs does nothing: only Linux ties a child to its parent's life.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}

func runsIn(pid int, _ string) bool { return alive(pid) }

const knowsCwd = false
