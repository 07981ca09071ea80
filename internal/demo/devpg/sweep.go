package devpg

import (
	"os"
	"path/filepath"

	"rowcast/internal/demo/devpg/proc"
)

// sweep removes temporary directories in base that belong to us, are marked
// temporary, locked by nobody and without a living server: what is left when a
// process is killed before it can clean up. What it cannot remove stays.
func sweep(base string) {
	paths, err := filepath.Glob(filepath.Join(base, tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		sweepOne(path)
	}
}

func sweepOne(path string) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return
	}
	if uid, _, known := proc.Owner(info); !known || uid != os.Geteuid() {
		return
	}
	d := &directory{path: path}
	if _, err := os.Stat(d.markerFile()); err != nil {
		return // perhaps being made right now
	}
	if err := d.readMarker(); err != nil || !d.Temporary {
		return
	}
	lock, err := proc.Lock(filepath.Join(path, lockName))
	if err != nil {
		return
	}
	defer func() { _ = lock.Close() }()
	if n, err := readNote(d.data()); err == nil && proc.RunsIn(n.pid, d.data()) {
		return
	}
	_ = os.RemoveAll(path)
}
