package migrations

import (
	"io/fs"
	"strconv"
	"strings"
)

// Newest is the version that the newest migration brings, 0 without any.
func Newest() (version int64) {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil { // the pattern is well-formed
		return 0
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			version = max(version, n)
		}
	}
	return version
}
