//go:build unix

package doctor

import (
	"context"
	"fmt"
	"syscall"
)

// files looks at the limit of open files. The runtime raises the soft limit to
// the hard one.
func files(_ context.Context, p *patient) Finding {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return skip("the limit cannot be read: " + err.Error())
	}
	most := uint64(limit.Cur) //nolint:unconvert // signed on some systems
	evidence := fmt.Sprintf("%d files", most)
	if most < p.Bounds.Files {
		return warn(evidence, "")
	}
	return ok(evidence)
}
