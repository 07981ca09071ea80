// Package page shares what is read of the history: a crowd that was cut off at
// once, and finds a server that has just started, asks for the same few pages.
//
// # Overview
//
// A [Cache] reads a page once for all who ask for it at the same time, or a
// moment later.
//
// # Guarantees
//
//   - A crowd costs one read for each tenant and cursor (hub:
//     TestCrowdSharesPages).
//   - Reads are shared fairly by tenants and subjects (hub:
//     TestResumesOfOneDoNotStarveOthers), and so is the room for what is kept: one
//     tenant does not push out the pages of others (TestRoomIsShared).
//
// # Failures
//
// An error is told to those who wait, and not kept.
package page
