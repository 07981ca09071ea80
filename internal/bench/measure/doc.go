// Package measure has the instruments that the benchmarks share.
//
// # Overview
//
// [Schedule] says when something is intended to happen, [Latency] collects how
// long it took from then, and [FindServer] counts processor time.
//
// # Guarantees
//
//   - A schedule is an open loop: a slow answer moves no later time, and
//     latency counts from the intended time, so that a stall is felt by
//     everything that was due during it (TestScheduleIsAnOpenLoop).
//   - Latencies keep three significant digits (TestLatencyDigits).
//   - The processor time of a server contains all of its processes, also those
//     that ended meanwhile (TestServerCountsWhatEnded).
//   - Processor time that cannot be read is unknown, not zero: of a server
//     elsewhere, or on a system without /proc (TestServerElsewhereIsUnknown,
//     TestProcessElsewhereIsNotTaken).
//
// # Failures
//
// A schedule ends with its context. Everything else answers unknown.
package measure
