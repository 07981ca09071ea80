// Package socketio is the Socket.IO transport: unmodified clients of version 4
// at /socket.io/, in the main namespace.
//
// # Overview
//
// [Handler] serves the protocol (packages engineio and socketio). It opens a session of
// the hub for each client, and the protocol writes through that, too. Events are
// encoded once for all ([Encoder]); join-tenant and leave-tenant and auth are events of
// the client, acknowledged if it asks for that.
//
// # States
//
// A client is anonymous until it connects to the namespace, with a token or a
// ticket in auth, or in the handshake.
//
// # Recovery
//
// With Recovery, connection state recovery works without state. The secret (pid)
// names the subject and the tenant by a hash, the offset of an event is its cursor.
// A client may reconnect here, after a restart or on another server. It is accepted
// with its pid, and the id that follows from it, once the hub has found its cursor.
// It gets what it missed, with or without meta as before: the offset says that,
// too. If the history does not reach back it is accepted with a new pid, so that it
// knows. That needs a token with one tenant and no filter: others see that by the
// missing or the new pid.
//
// # Guarantees
//
//   - What the native transport guarantees (TestSlowConsumer; conform: TestJoin,
//     TestResume, TestReset).
//   - Credentials come in auth, the Authorization header or a ticket, and none
//     in the URL; what else auth has is ignored (TestCredentials). A fresh token
//     takes over (TestRenewal, TestRenewalIsInTime).
//   - A handler gets the data of an event alone, unless its client asks for more;
//     only a client that may recover gets offsets (TestArguments).
//   - Requests are answered in their acknowledgement, or refused by an event
//     (TestJoinAndLeave, TestRefusedRequests), also those that are given up
//     (TestLeftBeforeJoined).
//   - A client recovers exactly what it missed, or learns that it did not recover
//     (TestRecovery, TestNoRecovery), whatever other tenants it leaves
//     (TestLeavingAnotherTenantKeepsTheOffset). One that waits for that may give up
//     and ask again (TestRecoveryThatWaits).
//   - A client that joined without a cursor, and is sent away for taking nothing,
//     has to reload (TestSlowConsumer).
//
// # Failures
//
// A bad token is a refusal with a code; the client asks for another and
// connects. Everything else closes the transport, so that the client comes back
// by itself, but for a revoked token, which disconnects it.
package socketio
