// Package ws is the native WebSocket transport: GET /ws, subprotocol
// rowcast.v1, one JSON object a text message.
//
// # Overview
//
// [Handler] checks origin and credentials, upgrades the request (package
// websocket) and opens a session of the hub, which writes the frames ready-made
// ([Encoder]).
//
// # States
//
// A peer is greeted at once, then has a few seconds to authenticate unless the
// handshake carried its credentials. Closing: the close frame is sent, that of
// the peer awaited for a moment, then the connection is closed.
//
// # Guarantees
//
//   - Credentials come in the Authorization header, the subprotocol bearer.<token>,
//     a ticket or the first message. The subprotocol with the token is never sent
//     back and a token in the URL is refused (TestCredentials,
//     TestTokenInQueryIsRefused).
//   - A foreign origin is refused before anything else is looked at
//     (TestForeignOrigin).
//   - Malformed frames end the connection with the close code of RFC 6455, and
//     excess with that of the table (TestRawFrames, TestLimits).
//   - A connection that is silent costs the server less than 5.5 KB of heap and
//     stack (BenchmarkIdleConnection).
//   - An event reaches those who joined its tenant and nobody else
//     (TestTenantsComeFromTheToken).
//
// # Failures
//
// Refused handshakes are answered with a problem document, refused commands
// with an error message; see package transport for the codes.
package ws
