// Package session is one client of a hub: its connection, its time and its
// subscriptions.
//
// # Overview
//
// A [Session] writes to a connection without ever waiting for it, see [Session.Join],
// [Session.Send] and [Session.Close]. A subscription is an index into a ring; what the
// ring no longer holds it gets from the history. A [Set] is all sessions of a hub.
//
// # States
//
// See package hub.
//
// # Guarantees
//
// Those of package hub, which tests both. Most of all:
//
//   - A client receives exactly the events after its cursor, in order (hub:
//     TestStreamsMatchModel, TestResumeAtEveryCursor).
//   - Frames never interleave on a connection (hub: TestStreamsMatchModel).
//   - A session whose owner is unwanted is ended (hub: TestRefusedOwnersAreSentAway).
//
// # Failures
//
// A broken connection ends its session.
package session
