// Package write measures what a trigger costs those who write.
//
// # Overview
//
// [Run] writes the same rows into three tables of the same shape: one without
// triggers, one that Rowcast watches, and one with the usual row trigger that
// calls pg_notify with the row as JSON. Single-row transactions come from a
// number of writers, each on a connection of its own; a bulk load is one COPY.
// The three take turns within each round, in another order each round, so that
// what changes on the machine changes for all; figures are medians of rounds,
// and a ratio is the median of the ratios within rounds.
//
// A reader follows in a process of its own ([Reader]): the tail of a server for
// our triggers, a LISTEN for the notifications. A measurement ends when the
// reader has everything, so that its work counts.
//
// # Guarantees
//
//   - Every transaction that is counted is a row of the table, and the reader
//     has received each (TestEveryRowIsAccounted). Otherwise the run fails.
//   - Nothing of the run is left in the database but what it caused in the log,
//     also after an interrupt (TestNothingIsLeft, TestInterruptLeavesNothing);
//     what a killed run left is replaced (TestKilledRunIsReplaced).
//   - Two runs on one database do not disturb each other: the second is refused
//     (TestSecondRunIsRefused).
//   - No tenant but the benchmark's own gets an event (TestOnlyItsOwnTenants).
//
// # Failures
//
// Settings are refused by name ([Settings.Check]). A session that may not set
// commit_delay is told what it lacks (TestCommitDelayIsRefused).
package write
