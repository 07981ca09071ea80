// Package doctor looks for what keeps the feed from working, or soon will.
//
// # Overview
//
// A [Check] is a value with the code of the trouble it looks for, which the
// registry of codes explains, and a func. Most of them are queries in
// sql/doctor_*.sql. [Run] makes all of them and returns a [Report], which is
// written as text, JSON, for Nagios or for Prometheus.
//
// # States
//
// A check is ok, warn, fail or skip. It is skipped if one that it needs has
// failed, if it does not apply, or if the role may not look. It is skipped, too,
// if its question was cut off, and the last check fails and names it: of what
// it looks for nothing is known. The report is as bad as its worst check.
//
// # Guarantees
//
//   - Each kind of trouble is found (TestEveryCheckIsProvoked,
//     TestClearConnectionIsReported), and what is whole is not complained about
//     (TestWholeDatabase).
//   - A check takes no longer than its time, and a database that does not answer
//     fails one check and skips the others (TestSilentDatabaseEndsInTime). A check
//     that was cut off is never taken for what it looks for
//     (TestEveryCheckIsProvoked).
//   - Nothing is written, but for a notification on a channel that nobody else
//     listens on (TestNothingIsWritten).
//   - Secrets are in no report (TestReportHoldsNoSecret).
//
// # Failures
//
// None: what goes wrong is what is reported. A check whose query fails for
// another reason than a missing right fails with that reason.
package doctor
