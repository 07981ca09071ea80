// Package ring keeps the newest events of one stream as ready-made frames.
//
// # Overview
//
// A [Ring] is an append-only log that drops its oldest entries. Each entry has an
// index for life, the cursor of a client that has received it, and a frame in a
// slab of memory. A ring with a small limit has small slabs. A reader takes a
// [Window] and works on it without a lock: what lies behind its index is one
// contiguous piece of memory, or few.
//
// # Guarantees
//
//   - A window stays whole whatever is pushed later, and gives exactly the frames
//     that were pushed (TestRingHoldsTheNewestFrames).
//   - The ring stays within its limit, but for entries that its followers have
//     not been offered yet, and the newest (TestRingHoldsTheNewestFrames). It
//     takes no more memory than that needs (TestSmallRingIsSmall).
//   - An entry may be for one subject or for all others. A client that does not get it
//     stays before the event until it has passed all entries of it (hub:
//     TestStreamsMatchModel).
//   - A cursor is found only if its nonce is the one that was pushed
//     (TestFindSkipsEventsThatThisVersionDoesNotMake).
//
// # Failures
//
// There are none. A reader that is too late sees that its index is no longer
// held.
package ring
