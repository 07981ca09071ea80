// Package socketio serves Socket.IO clients, protocol 5, on top of package
// engineio: namespaces, events, acknowledgements in both directions, binary
// attachments and rooms.
//
// # Overview
//
// A [Server] hands what clients send to the [Namespace] that they address, as events of
// a [Socket]. What is sent are complete frames: the functions Append… make them, once
// for any number of clients, and an outbox writes them, which is made by the user of
// the package. Arguments are JSON texts in both directions and pass byte for byte.
//
// # States
//
// A socket is pending until its namespace accepts or refuses it, then connected,
// then it has ended: the client left the namespace, or the server disconnected
// it, or the session is over. What a client sends while it is pending waits.
//
// # Guarantees
//
//   - Packets are read strictly: what is malformed ends the session, costs
//     little and never panics (TestDecode, TestMalformedPackets,
//     TestPlaceholdersThatLie, FuzzDecoder, TestHostileClients,
//     TestManyPacketsAtOnce, TestLargeRequests).
//   - Frames are as the protocol wants them (TestEncode).
//   - A handler gets the events of a client in order, one at a time, after
//     Accept and before Disconnect, which it gets once (TestAcceptLater,
//     TestNamespaces, TestServerDisconnects, TestClientsThatBreakTheRules). What
//     waits is bounded (TestPendingIsBounded, TestRefusedEventsDoNotCount). What
//     is sent to a client that is being accepted follows the answer
//     (TestSendWhileAccepting).
//   - An event is acknowledged once (TestAckOnce), and one of the server has one
//     answer, if only that there is none (TestEmitWithAck,
//     TestEmitWithAckToNobody).
//   - A client that recovers keeps its id (socketio: TestRecovery).
//   - A client that connects to no namespace in time is closed
//     (TestConnectTimeout).
//   - Members of a room get the same frames in the same order, and a member that has
//     ended is in none (TestRooms, TestBroadcastsKeepTheirOrder).
//   - A client that has gone leaves nothing behind (TestNothingIsLeftBehind).
//     One that is idle costs no goroutine, no timer and no queue here.
//   - The public test suites pass (conformance: TestHandshake, TestHeartbeat,
//     TestPolling, TestUpgrade, TestConnect, TestLeave, TestMessages).
//
// # Failures
//
// A client that breaks the rules loses its session, for which the reason is
// "parse error". Disconnect and Refuse are final for a client; after Close, and
// after every other end of the session, it comes back by itself.
package socketio
