// Package write measures what a trigger costs the writers.
//
// # Overview
//
// [Run] writes the same rows into three tables of the same shape: one without triggers,
// one that Rowcast watches, and one with the usual row trigger that calls pg_notify
// with the row as JSON. The three take turns within each round, in another order each
// round. Figures are medians of rounds, and a ratio is the median of the ratios within
// rounds. A reader follows; a measurement ends when every row is sealed, or notified,
// so that this work counts.
//
// # Guarantees
//
//   - Every transaction that is counted is a row of the table, and has a
//     position, or was notified (TestEveryRowIsAccounted). Otherwise the run fails
//     (TestForeignRowIsNoticed).
//   - Nothing of the run is left in the database but what it caused in the log,
//     also after an interrupt (TestNothingIsLeft, TestInterruptLeavesNothing).
//   - Two runs on one database do not disturb each other: the second is refused
//     (TestSecondRunIsRefused).
//   - No tenant but the benchmark's own gets an event (TestOnlyItsOwnTenants).
//
// # Failures
//
// Settings are refused by name ([Settings.Check]). A session that may not set
// commit_delay gets an error that names what it lacks (TestCommitDelayIsRefused).
package write
