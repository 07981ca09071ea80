// Package feed is the dictionary of Rowcast: the words that the change log,
// the mapping, the hub and the transports share. It does no I/O.
//
// # Overview
//
// A [Change] is what happened to one row (or, for a bulk statement, to many
// rows at once), sealed: it has its final position in the order of its tenant.
// The mapping turns a change into [Event] values, which is what a
// client receives. A [Cursor] says how far a client has come in the stream of
// one tenant.
//
// # Guarantees
//
//   - Positions of a tenant are contiguous from 1. A change covers the
//     positions From to Position, which are equal unless the change is bulk
//     (changelog: TestModel).
//   - A cursor points between two events, also of the same change. So a client that
//     is cut off in the middle of a change resumes without loss or repetition
//     (TestCursorRoundTrip, TestWalk).
//   - A change that cannot be read is one event at its position, which has
//     nothing of the row (TestWithout).
//
// # Failures
//
// ParseCursor returns [ErrInvalid] for text that is no cursor. History readers
// return [ErrExpired] for a cursor older than the retention floor and [ErrDiverged]
// for one that belongs to another history. Both mean that the client has to reload
// its state.
package feed
