// Package fanout measures what it costs to push events to many clients.
//
// # Overview
//
// Three processes take part, so that each is accounted for alone: the server,
// the clients ([Load]) and a bare writer ([Bare]) that makes the same number
// of write(2) calls of as many bytes to as many loopback connections, without
// anything of Rowcast. [Run] has the server and the bare writer take turns of
// a few rounds with the same clients and reports both ([Result]).
//
// A client speaks one of the wires over WebSocket. It reads into a small buffer
// and counts frames by what they begin with. Paced, one change leaves at a time on a fixed schedule; in bursts,
// many at once, and the next burst when everybody has everything.
//
// A [Server] is where changes go in: a whole server with a database behind it,
// or only its hub.
//
// # Guarantees
//
//   - Every client has received every event of its tenant exactly once, or Run
//     answers an error (TestEveryClientReceivesEveryEvent,
//     TestTurnsOfTheReference, TestMissingEventsAreNamed).
//   - Frames are counted however the stream is cut (TestCounterCutAnywhere,
//     TestPacketsOfSocketIO).
//   - A bar beside the reference is not met because the server was behind, nor
//     missed because the reference was (TestBarsBesideTheReference).
//   - A limit on open files or ports that is too low is named with where it is
//     and the command that raises it (TestLimitsAreNamed).
//
// # Failures
//
// A client that is refused, closed, reset or sent an error makes Run answer
// what the server said (TestRefusalIsNamed).
package fanout
