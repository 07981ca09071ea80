//go:build failpoints

package failpoint

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Variable names the environment variable that names the bug.
const Variable = "ROWCAST_FAILPOINT"

// quiet is how many frames leave before the bug happens.
const quiet = 20

// bug is the one that happens.
type bug struct {
	name string

	mu     sync.Mutex
	frames int
	// resumed is how often a client was made to skip.
	resumed int
	// done: it has happened.
	done bool
	// held is the frame of tenant that leaves later.
	held   []byte
	tenant string
}

// seeded is the bug of this process. A package variable, because a bug is
// nothing that the code it is in should pass around.
var seeded = sync.OnceValue(func() *bug { //nolint:gochecknoglobals // see above
	names := []string{
		"", "drop", "swap", "repeat", "cross-tenant", "skip-after-resume", "unreadable",
		UnmaskedPrevious, AudienceOfHistory, OldImage, AnyCursor, UnmaskedOwn,
	}
	b := &bug{name: os.Getenv(Variable)}
	if !slices.Contains(names, b.name) {
		panic(fmt.Sprintf("%s=%s: there is no such bug; there are %q", Variable, b.name, names[1:]))
	}
	return b
})

// Frame returns what leaves in place of a frame of a tenant.
func Frame(tenant string, frame []byte) []byte {
	b := seeded()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.frames++; b.done || b.frames < quiet {
		return frame
	}
	switch b.name {
	case "drop":
		b.done = true
		return nil
	case "repeat":
		b.done = true
		return slices.Concat(frame, frame)
	case "swap":
		if b.held == nil {
			b.held, b.tenant = bytes.Clone(frame), tenant
			return nil
		}
		b.done = tenant == b.tenant
	case "cross-tenant":
		if b.held == nil {
			b.held, b.tenant = bytes.Clone(frame), tenant
			return frame
		}
		b.done = tenant != b.tenant
	}
	if b.done {
		return slices.Concat(frame, b.held)
	}
	return frame
}

// resumes is how often the bug of Resume happens. A client that leaves before it
// gets what follows does not notice: it resumes from before what it was not sent.
const resumes = 5

// Resume returns the index from which a client resumes that is at next of end.
func Resume(next, end int64) int64 {
	b := seeded()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.name == "skip-after-resume" && !b.done && next < end {
		b.resumed++
		b.done = b.resumed == resumes
		return next + 1
	}
	return next
}

// Leaks says whether a bug by which something leaks is the one that happens.
func Leaks(bug string) bool { return seeded().name == bug }

// Break panics at a step of the way of a row that says so: one with the text
// "breaks at <step>".
func Break(step string, row []byte) {
	if seeded().name == "unreadable" && bytes.Contains(row, []byte("breaks at "+step)) {
		panic("the row breaks at " + step)
	}
}
