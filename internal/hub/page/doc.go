// Package page shares what is read of the history: a crowd that was cut off at
// once, and finds a server that has just started, asks for the same few pages. So
// do clients that a burst has overrun.
//
// # Overview
//
// A [Cache] reads a page once for all clients that ask for it within a few seconds,
// also from a cursor within it. A page is a piece of the ring: events, encoded for one
// kind of connection. Nobody has to hold a page while a client takes a part of it: a
// client that comes for the rest finds it here.
//
// # Guarantees
//
//   - A crowd costs one read for each tenant, encoder and cursor, and each change is
//     mapped and encoded once (hub: TestCrowdSharesPages). A cursor within a page that
//     is kept costs no read (TestRestOfAPage; hub: TestOverrunCrowdSharesPages), also if
//     the page comes while they wait for their turn (TestThoseWhoWaitShare).
//   - What is kept is bounded, in bytes and in time (TestCacheIsBounded; hub:
//     TestCrowdSharesPages).
//   - Reads are shared fairly by tenants and subjects (hub:
//     TestResumesOfOneDoNotStarveOthers), and so is the room for what is kept: a
//     tenant loses no page as long as it takes no more than an equal part
//     (TestRoomIsShared).
//
// # Failures
//
// Clients that wait receive an error, and it is not kept.
package page
