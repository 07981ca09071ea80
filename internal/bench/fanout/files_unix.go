//go:build unix

package fanout

import "syscall"

// raiseFiles raises the limit of open files to need if it may, and tells what
// it is then.
func raiseFiles(need uint64) (has uint64, err error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if limit.Cur >= need {
		return limit.Cur, nil
	}
	wanted := syscall.Rlimit{Cur: need, Max: max(limit.Max, need)}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wanted) == nil {
		return need, nil
	}
	wanted = syscall.Rlimit{Cur: limit.Max, Max: limit.Max}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wanted) == nil {
		return limit.Max, nil
	}
	return limit.Cur, nil
}
