// Package sse is the transport for Server-Sent Events: GET /events, a stream of
// the events of one tenant, for EventSource and curl.
//
// # Overview
//
// [Handler] checks the request, takes its connection over from net/http and
// opens a session of the hub, which writes the events ready-made ([Encoder]). The
// id of an event is its cursor, its name the event name, its data the JSON
// object of the WebSocket. The body has no length and no chunks; the end of the
// connection ends it.
//
// # States
//
// A stream joins its tenant at once and stays in it. It ends with an event "closed",
// which has a close code of package transport, and the connection with it. EventSource
// comes back by itself, with the last id.
//
// # Guarantees
//
//   - Whatever a row holds, an event is one event (TestFramesAreEvents,
//     FuzzFrame).
//   - The last id is known from the beginning. A client that comes back with it
//     continues there, whatever cursor its URL has. It may send it in the query, as
//     polyfills do (TestLastEventID; clients: TestEventSourcePolyfill).
//   - Only the tenant of the token, chosen by the query, is streamed
//     (TestRequests, TestTenantsAreApart).
//   - A stream ends with the token, and says so before (TestTokenExpires).
//   - A client that does not read is cut off without harm to others; one that
//     reads slowly gets every event whole (TestSlowConsumer, TestSlowReader).
//   - At shutdown every client learns after which while of its own to come back
//     (TestDrain).
//   - A connection that is silent costs the server less than 4.5 KB of heap and
//     stack (BenchmarkIdleConnection), and one that talks is sent away
//     (TestTalkingClientIsSentAway).
//
// # Failures
//
// Refused requests are answered with a problem document; see package transport
// for the codes. A cursor that is no cursor, too old or of another history is
// answered in the stream, with a reset. HTTP/2 is refused: its connection
// belongs to other requests as well. A client that closes its side of the
// connection, even one half of it, has left.
package sse
