package devpg

import (
	"context"
	"os"

	"rowcast/internal/demo/devpg/pgbin"
	"rowcast/internal/demo/devpg/proc"
)

// FindBinaries returns the directory of initdb and postgres, without a
// download; see [pgbin.Find] for where it looks.
func FindBinaries() (dir string, err error) {
	acc, err := proc.Unprivileged(os.Geteuid())
	if err != nil {
		return "", err
	}
	return pgbin.Find(context.Background(), pgbin.Options{Account: acc})
}
