// Package measure has the instruments that the benchmarks share.
//
// # Overview
//
// [Schedule] says when something is intended to happen, [Latency] collects how
// long it took from then, [FindServer] and [OwnCPU] count processor time, and
// [Progress] shows on a terminal how far a run is.
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
//   - Progress writes nothing but to a terminal (TestProgressIsSilent).
//
// # Failures
//
// A schedule ends with its context. Everything else answers unknown.
package measure
