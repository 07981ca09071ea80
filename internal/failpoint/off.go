//go:build !failpoints

package failpoint

// Variable names the environment variable that names the bug; empty, as there
// is none in this program.
const Variable = ""

// Frame returns what leaves in place of a frame of a tenant.
func Frame(_ string, frame []byte) []byte { return frame }

// Resume returns the index from which a client resumes that is at next of end.
func Resume(next, _ int64) int64 { return next }

// Leaks says whether a bug by which something leaks is the one that happens.
func Leaks(_ string) bool { return false }

// Break does nothing.
func Break(_ string, _ []byte) {}
