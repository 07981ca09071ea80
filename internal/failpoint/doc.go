// Package failpoint seeds bugs, to prove that the tests that look for lost
// events find them.
//
// # Overview
//
// A program that is built without the tag failpoints has none of it: each function
// returns its argument. With the tag, the environment variable ROWCAST_FAILPOINT names
// one bug. It then happens where events leave for the clients and nothing behind it
// could heal it. It happens once, with two exceptions. The last but one happens a few
// times, since a client that breaks off soon enough does not notice. The program has to
// get past the last.
//
//	drop               an event never leaves
//	swap               two events of a tenant leave in the wrong order
//	repeat             an event leaves twice
//	cross-tenant       an event also leaves to the clients of another tenant
//	skip-after-resume  a client that resumes misses the first event
//	unreadable         rows with the text "breaks at <step>" panic at that step
//
// # Guarantees
//
//   - Each bug is found, and the same program without one passes (faults:
//     TestSeededBugsAreFound), and the last harms no other row (conform:
//     TestUnreadable).
//
// # Failures
//
// An unknown bug panics with the names of those there are.
package failpoint
