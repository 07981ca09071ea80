// Package engineio serves Engine.IO clients, protocol 4: HTTP long polling,
// WebSocket, and the upgrade from the one to the other.
//
// # Overview
//
// A [Server] has a [Session] for each client. What the server sends are the
// frames of package websocket, written through an [Outbox] into the session as
// into a connection: a WebSocket gets them as they are, a client that polls gets
// them decoded, as the body of its next poll. What the client sends goes to a
// [Receiver].
//
// # States
//
// A session is polling, switching while an upgrade is being finished, on a
// WebSocket, or ended. A client that polls has a bounded buffer, behind which the
// session takes no more, as a connection whose client does not read.
//
// # Guarantees
//
//   - A client receives everything once and in order, by polling, by WebSocket and
//     across the upgrade, also out of a full buffer (TestPolling, TestWebSocket,
//     TestUpgrade, TestUpgradeWithFullBacklog, TestSlowPoll). An upgrade that
//     fails leaves polling as it was (TestUpgradeGivenUp).
//   - The six refusals of the protocol have their code and status (TestRefusals).
//   - A client that does not answer a ping in time is gone; one that does stays
//     (TestHeartbeat, TestLateIsGone). A slow reader that has yet to come to the ping
//     stays, too (TestPongOfASlowReader). So does one that has answered a server that
//     is slow or was asleep (TestPongBehindAMessage, TestServerThatSlept).
//   - A poll that is given up ends the session before another can take its place
//     (TestPollGivenUp). So does one whose client can no longer receive what was for it
//     (TestPollThatNobodyReads, TestNoopThatNobodyReads). Of two that overlap the first
//     one hears of the end, and the second one is refused (TestFirstPollStays).
//   - However a session ends, its Receiver learns it once, with the reason
//     (TestPollingEnds, TestWebSocketEnds, TestClosedWhileOpening), and a client
//     that polls hears the last packets (TestDrain). One that has lost its session
//     hears of that at once (TestGoneBeforeItIsHungUp), but for the poll that its
//     own close has crossed (TestOnePollCrossesTheClose).
//   - A body is read up to a bound, in size and in time, and packets are read
//     strictly (TestPollingEnds, TestBodyThatDoesNotCome, FuzzPackets).
//
// # Failures
//
// [Reason] says why a session ended. A client that breaks the rules loses its
// session, as does one whose two polls or two POSTs overlap.
package engineio
