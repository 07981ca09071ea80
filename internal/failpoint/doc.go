// Package failpoint seeds bugs, to prove that the tests that look for lost
// events find them.
//
// # Overview
//
// A program that is built without the tag failpoints has none of it: each function
// returns its argument. With the tag, the environment variable ROWCAST_FAILPOINT names
// one bug. It then happens where events leave for the clients and nothing behind it
// could heal it. It happens once, with these exceptions. To skip after a resume happens a few
// times, since a client that breaks off soon enough does not notice. The program has to
// get past rows that are unreadable. Those below them, by which something leaks, happen
// always.
//
//	drop               an event never leaves
//	swap               two events of a tenant leave in the wrong order
//	repeat             an event leaves twice
//	cross-tenant       an event also leaves to the clients of another tenant
//	skip-after-resume  a client that resumes misses the first event
//	unreadable         rows with the text "breaks at <step>" panic at that step
//
//	unmasked-previous    of what an update changed, columns that are withheld are told
//	audience-of-history  rows of the history are for everybody when a client resumes
//	old-image            a filter asks the old row in place of the new one
//	any-cursor           a join continues from a cursor of another view
//	unmasked-own         an event of a policy comes although a column of it is withheld
//
// # Guarantees
//
//   - Each bug is found, and the same program without one passes (faults:
//     TestSeededBugsAreFound), and the last harms no other row (conform:
//     TestUnreadable).
//
//   - Each bug by which something leaks is found by the test that nothing does (conform:
//     TestSeededLeaksAreFound).
//
// # Failures
//
// An unknown bug panics with the names of those there are.
package failpoint

// The bugs by which something leaks.
const (
	UnmaskedPrevious  = "unmasked-previous"
	AudienceOfHistory = "audience-of-history"
	OldImage          = "old-image"
	AnyCursor         = "any-cursor"
	UnmaskedOwn       = "unmasked-own"
)
