// Package measure has the instruments that the benchmarks share.
//
// # Overview
//
// [Pace] has work done when it is intended, and [FindServer] counts processor time.
//
// # Guarantees
//
//   - A pace is an open loop: a slow answer moves no later time, so that a stall is felt
//     by everything that was due during it (TestPaceIsAnOpenLoop).
//   - The processor time of a server contains all of its processes, also those
//     that ended meanwhile (TestServerCountsWhatEnded).
//   - Processor time that cannot be read is unknown, not zero: of a server
//     elsewhere, or on a system without /proc (TestServerElsewhereIsUnknown,
//     TestProcessElsewhereIsNotTaken).
//
// # Failures
//
// A pace ends with its context. Everything else returns unknown.
package measure
