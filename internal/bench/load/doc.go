// Package load has clients that count what they receive, and do nothing else.
//
// # Overview
//
// [Load] connects WebSocket clients, or bare connections. A client reads into a small
// buffer and counts frames by what they begin with.
//
// # Guarantees
//
//   - Frames are counted however the stream is cut (TestFramesCutAnywhere).
//   - A client that lacks events, or has too many, is an error
//     (fanout: TestMissingEventsAreNamed).
//
// # Failures
//
// A client that is refused, closed, reset or sent an error ends with what the server
// said (fanout: TestRefusalIsNamed).
package load
