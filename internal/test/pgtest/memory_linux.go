package pgtest

import "syscall"

// memoryDir returns a directory in memory with room for a test server, ""
// without one. Servers make a thousand files each and databases three hundred,
// which costs half a second on some disks.
func memoryDir() string {
	const (
		dir   = "/dev/shm"
		tmpfs = 0x01021994
		room  = 4 << 30
	)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil || fs.Type != tmpfs || fs.Bsize <= 0 {
		return ""
	}
	if fs.Bavail < room/uint64(fs.Bsize) {
		return ""
	}
	return dir
}
