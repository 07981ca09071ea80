// Package fanout measures what it costs to push events to many clients.
//
// # Overview
//
// The server, a bare writer ([Bare]) and, if asked for, a server of socket.io on
// Node are processes of their own, so that each is accounted for alone. The clients
// are in this one. The bare writer makes as many write(2) calls of as many bytes to
// as many loopback connections, without anything of Rowcast. [Run] has the sides
// take turns of a few rounds with the same clients.
//
// Changes come from PostgreSQL through a whole server, or straight into a hub ([Hub]).
// Paced, one change leaves at a time on a fixed schedule; in bursts, many at once, and
// the next burst when everybody has everything.
//
// # Guarantees
//
//   - Every client has received every event exactly once, or Run returns an error
//     (TestEveryClientReceivesEveryEvent, TestTurnsOfTheReference,
//     TestMissingEventsAreNamed).
//   - A bar beside the reference is not met because the server was behind, nor
//     missed because the reference was (TestBarsBesideTheReference).
//   - A limit on open files or ports that is too low is named with the command that
//     raises it (TestLimitsAreNamed).
//   - What was started and made is gone afterwards, also after an interrupt
//     (cmd/rowcast-bench: TestChangesArrive, TestInterruptedBenchmarkLeavesNothing).
//
// # Failures
//
// A client that is refused, closed, reset or sent an error makes Run return what the
// server said (TestRefusalIsNamed).
package fanout
