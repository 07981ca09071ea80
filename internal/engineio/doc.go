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
// WebSocket, or ended. Who polls has a bounded buffer, behind which the session
// takes no more, as a connection whose client does not read.
package engineio
