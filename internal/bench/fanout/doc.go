// Package fanout measures what it costs to push events to many clients.
//
// # Overview
//
// The server and a bare writer ([Bare]) are processes of their own, so that each is
// accounted for alone; the clients are in this one. The bare writer makes as many
// write(2) calls of as many bytes to as many loopback connections, without anything of
// Rowcast. [Run] has the two take turns of a few rounds.
//
// Changes come straight into a hub ([Hub]). Paced, one change leaves at a time on a fixed
// schedule; in bursts, many at once, and the next burst when everybody has everything.
//
// # Guarantees
//
//   - Every client has received every event exactly once, or Run returns an error
//     (TestEveryClientReceivesEveryEvent, TestMissingEventsAreNamed).
//   - A bar is not met because a side was behind (TestBarsOfTheRightRun).
//   - A limit on open files or ports that is too low is named with the command that
//     raises it (TestLimitsAreNamed).
//
// # Failures
//
// A client that is refused, closed, reset or sent an error makes Run return what the
// server said (TestRefusalIsNamed).
package fanout
